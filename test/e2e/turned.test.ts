import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameTrees,
  createUpdate,
  init,
  refuse,
  type Sides,
  twoSides,
  untouched,
} from './two-sides.js';

const FIRST = { noarch: [{ name: 'a' }] };
const SECOND = { noarch: [{ name: 'a' }, { name: 'b' }], 'osx-64': [{ name: 'o' }] };

/** Both sides in the first state. */
async function alike(t: TestContext): Promise<Sides> {
  const sides = await twoSides(t);
  await writeChannel(sides.mirror, FIRST);
  await init(sides, '--empty');
  await applyUpdate(sides, (await createUpdate(sides)).outputs.volume);
  return sides;
}

describe('a file that becomes a directory of the same name, or the reverse,', () => {
  it('is told at export, where someone can still act', async (t) => {
    const sides = await alike(t);
    const name = join(sides.mirror, 'noarch/label');
    const nested = { noarch: [{ name: 'n' }] };
    writeFileSync(name, 'a file');
    await applyUpdate(sides, (await createUpdate(sides)).outputs.volume);
    rmSync(name);
    await writeChannel(name, nested);
    const forth = await refuse('conda-diff-export', ['create', sides.mirror, '-o', sides.outbox], 10);
    assert.deepEqual(forth.details, ['noarch/label is a file in the base and a directory now']);
    assert.match(
      forth.text,
      /turned into a directory[^]*Give one of the two another name[^]*gc <repository>/,
    );
    // The way that the message tells: in between there is neither.
    rmSync(name, { recursive: true });
    await applyUpdate(sides, (await createUpdate(sides)).outputs.volume);
    await writeChannel(name, nested);
    await applyUpdate(sides, (await createUpdate(sides)).outputs.volume);
    await assertSameTrees(sides);
    rmSync(name, { recursive: true });
    writeFileSync(name, 'a file again');
    const back = await refuse(
      'conda-diff-export',
      ['create', sides.mirror, '-o', sides.outbox, '--allow-removals'],
      10,
    );
    assert.deepEqual(back.details, ['noarch/label is a directory in the base and a file now']);
  });

  it('is refused at import before anything is written, when it is so on the copy alone', async (t) => {
    const sides = await alike(t);
    await writeChannel(sides.mirror, SECOND);
    const { outputs } = await createUpdate(sides);
    const [directory, file] = [join(sides.copy, 'noarch/b-1.0-0.conda'), join(sides.copy, 'osx-64')];
    mkdirSync(directory);
    writeFileSync(file, 'in the way');
    for (const args of [['apply'], ['apply', '--dry-run'], ['check']]) {
      const refusal = await untouched(sides.copy, () =>
        refuse('conda-diff-import', [...args, outputs.volume, sides.copy], 15),
      );
      assert.deepEqual(refusal.details, [
        `${directory} is in the way: it is a directory`,
        `${file} is in the way: it is a file`,
      ]);
      assert.match(refusal.text, /nothing was changed[^]*Move what is in the way/);
    }
    rmSync(directory, { recursive: true });
    rmSync(file);
    await applyUpdate(sides, outputs.volume);
    await assertSameTrees(sides);
  });
});
