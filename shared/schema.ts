import type { Ajv2020 } from 'ajv/dist/2020.js';
import { CondaDiffError, type ErrorCode } from './errors.js';
import type { JsonObject } from './line-document.js';
import { packagedText } from './packaged.js';

interface DocumentSchema extends JsonObject {
  readonly properties: Readonly<Record<string, { readonly items?: JsonObject }>>;
  readonly required: readonly string[];
  readonly $defs?: JsonObject;
}

/** Returns its argument typed when it is valid; throws a {@link CondaDiffError} that names what is wrong. */
export type Validator<T> = (value: unknown, what: string) => T;

/** The published JSON Schemas, by file name in `schemas/`. */
export type SchemaName =
  'reference' | 'manifest' | 'ledger' | 'config' | 'journal' | 'retired' | 'receipt' | 'copy-ledger';

function loadSchema(name: SchemaName): DocumentSchema {
  return JSON.parse(packagedText(`schemas/${name}.schema.json`)) as DocumentSchema;
}

let compiler: Promise<Ajv2020> | undefined;

/**
 * Loading ajv costs 40 ms of start-up, so it happens only when a document is read. Our schemas are not checked
 * against the meta-schema in every run: compiling that costs another 35 ms.
 */
async function createCompiler(): Promise<Ajv2020> {
  const ajv = await import('ajv/dist/2020.js');
  return new ajv.Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true, validateSchema: false });
}

async function compile<T>(schema: JsonObject, code: ErrorCode): Promise<Validator<T>> {
  compiler ??= createCompiler();
  const validate = (await compiler).compile<T>(schema);
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

const compiled = new Map<string, Promise<Validator<never>>>();

/** Compiles each schema once a run. */
function once<T>(key: string, make: () => Promise<Validator<T>>): Promise<Validator<T>> {
  const known = compiled.get(key) ?? (make() as Promise<Validator<never>>);
  compiled.set(key, known);
  return known;
}

/** Validator of a whole document. */
export function documentValidator<T>(name: SchemaName, code: ErrorCode): Promise<Validator<T>> {
  return once(`${name} ${code}`, () => compile(loadSchema(name), code));
}

/** Validator of the header of a line document: the schema without its sections. */
export function headerValidator<T>(name: SchemaName, sections: readonly string[]): Promise<Validator<T>> {
  return once(name, () => compile(headerSchema(loadSchema(name), name, sections), 'malformed'));
}

function headerSchema(
  { properties, required, $defs, ...rest }: DocumentSchema,
  name: string,
  sections: readonly string[],
): JsonObject {
  const isHeader = (key: string): boolean => key !== 'checksum' && !sections.includes(key);
  return {
    ...rest,
    $id: `${name}-header`,
    ...($defs && { $defs }),
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => isHeader(key))),
    required: required.filter(isHeader),
  };
}

/** Validator of one entry of a section of a line document. */
export function entryValidator<T>(name: SchemaName, section: string): Promise<Validator<T>> {
  return once(`${name}.${section}`, () => {
    const { properties, $defs } = loadSchema(name);
    const items = properties[section]?.items ?? {};
    return compile({ ...($defs && { $defs }), ...items }, 'malformed');
  });
}
