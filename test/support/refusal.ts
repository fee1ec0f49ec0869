import assert from 'node:assert/strict';
import { CondaDiffError, type ErrorCode } from '../../shared/errors.js';

/** The action throws our own error with this code, and the text stands in its message, details or hint. */
export function refuses(action: () => unknown, code: ErrorCode, text: RegExp = /./): CondaDiffError {
  try {
    action();
  } catch (error) {
    return isRefusal(error, code, text);
  }
  return assert.fail(`nothing was refused; expected ${code} ${String(text)}`);
}

/** As {@link refuses}, for a promise and one of several codes. */
export async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  text: RegExp = /./,
): Promise<CondaDiffError> {
  try {
    await promise;
  } catch (error) {
    return isRefusal(error, code, text);
  }
  return assert.fail(`nothing was refused; expected ${String(code)} ${String(text)}`);
}

function isRefusal(error: unknown, code: ErrorCode | readonly ErrorCode[], text: RegExp): CondaDiffError {
  assert.ok(error instanceof CondaDiffError, error instanceof Error ? error.stack : String(error));
  const whole = [error.message, ...error.details, error.hint ?? ''].join('\n');
  assert.ok([code].flat().includes(error.code), `${error.code}, not ${[code].flat().join()}: ${whole}`);
  assert.match(whole, text);
  return error;
}
