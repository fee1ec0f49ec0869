import { readFileSync } from 'node:fs';
import { CondaDiffError, type ErrorCode } from './errors.js';
import type { JsonObject } from './line-document.js';

interface DocumentSchema extends JsonObject {
  readonly properties: Readonly<Record<string, { readonly items?: JsonObject }>>;
  readonly required: readonly string[];
  readonly $defs?: JsonObject;
}

/** Returns its argument typed when it is valid; throws a {@link CondaDiffError} that names what is wrong. */
export type Validator<T> = (value: unknown, what: string) => T;

/** The published JSON Schemas, by file name in `schemas/`. */
export type SchemaName = 'reference' | 'manifest' | 'ledger' | 'config' | 'journal' | 'retired';

function loadSchema(name: SchemaName): DocumentSchema {
  const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as DocumentSchema;
}

const compiled = new Map<string, Promise<unknown>>();

/** Compiling a schema costs some 20 ms, and a run reads several documents of one kind. */
function once<T>(key: string, make: () => Promise<Validator<T>>): Promise<Validator<T>> {
  const validator = (compiled.get(key) as Promise<Validator<T>> | undefined) ?? make();
  compiled.set(key, validator);
  return validator;
}

/** Loading ajv costs 40 ms of start-up, so it happens only when a document is read. */
async function compile<T>(schema: JsonObject, code: ErrorCode): Promise<Validator<T>> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const validate = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true }).compile<T>(schema);
  return (value, what) => {
    if (validate(value)) return value;
    const [problem] = validate.errors ?? [];
    const where = (problem?.instancePath ?? '').slice(1).replaceAll('/', '.');
    const extra: unknown = problem?.params['additionalProperty'];
    const key = typeof extra === 'string' ? `: '${extra}'` : '';
    throw new CondaDiffError(
      code,
      `${what}: ${where === '' ? '' : `'${where}' `}${problem?.message ?? 'is wrong'}${key}`,
    );
  };
}

/** Validator of a whole document. */
export function documentValidator<T>(name: SchemaName, code: ErrorCode): Promise<Validator<T>> {
  return once(`${name} ${code}`, () => compile(loadSchema(name), code));
}

/** Validator of the header of a line document: the schema without its sections. */
export function headerValidator<T>(name: SchemaName, sections: readonly string[]): Promise<Validator<T>> {
  const isHeader = (key: string): boolean => key !== 'checksum' && !sections.includes(key);
  return once(`${name} without ${sections.join(' ')}`, () => {
    const { properties, required, $defs, ...rest } = loadSchema(name);
    const schema = {
      ...rest,
      $id: `${name}-header`,
      ...($defs && { $defs }),
      properties: Object.fromEntries(Object.entries(properties).filter(([key]) => isHeader(key))),
      required: required.filter(isHeader),
    };
    return compile(schema, 'malformed');
  });
}

/** Validator of one entry of a section of a line document. */
export function entryValidator<T>(name: SchemaName, section: string): Promise<Validator<T>> {
  return once(`${name}/${section}`, () => {
    const { properties, $defs } = loadSchema(name);
    const items = properties[section]?.items ?? {};
    return compile({ ...($defs && { $defs }), ...items }, 'malformed');
  });
}
