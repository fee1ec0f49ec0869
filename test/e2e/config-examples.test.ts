import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { load } from 'js-yaml';
import { type ChannelSpec, writeChannel } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import type { CommandName } from '../support/run-command.js';

const PROJECT = new URL('../../../', import.meta.url);
const EXPORT = readFileSync(new URL('docs/examples/conda-diff.export.yaml', PROJECT), 'utf8');
const IMPORT = readFileSync(new URL('docs/examples/conda-diff.import.yaml', PROJECT), 'utf8');

const CHANNEL: ChannelSpec = {
  noarch: 'abcdefghijklmnop'.split('').map((name) => ({ name })),
  'linux-64': [{ name: 'eagle' }],
  'osx-64': [{ name: 'eagle' }],
  'win-64': [{ name: 'eagle' }],
};

/** The mirror without the first `n` packages of noarch. */
async function week(n: number): Promise<void> {
  await writeChannel('online/mirror', { ...CHANNEL, noarch: (CHANNEL.noarch ?? []).slice(n) });
  mkdirSync('online/mirror/keys', { recursive: true });
  writeFileSync('online/mirror/keys/team.asc', 'a key');
}

/** A settings file with one line of the example changed. */
function changed(text: string, from: string, to: string): string {
  assert.ok(text.includes(`\n${from}\n`), `no line '${from}' in the example`);
  return text.replace(`\n${from}\n`, `\n${to}\n`);
}

/** Runs a command with a settings file in the directory of its side, from another directory. */
async function run(name: CommandName, text: string, args: readonly string[], exit = 0): Promise<string> {
  const config = join(name === 'conda-diff-export' ? 'online' : 'air-gapped', 'conda-diff.yaml');
  writeFileSync(config, text);
  const { code, stdout, stderr } = await runHere(name, [...args, '--config', config]);
  assert.equal(code, exit, `${args.join(' ')}\n${stdout}${stderr}`);
  return stdout + stderr;
}

const online = (args: string, exit = 0, text = EXPORT): Promise<string> =>
  run('conda-diff-export', text, args.split(' '), exit);
const inside = (args: string, exit = 0, text = IMPORT): Promise<string> =>
  run('conda-diff-import', text, args.split(' '), exit);

interface Told {
  readonly base: { readonly digest: string };
  readonly target: { readonly digest: string };
  readonly ignore: readonly string[];
}

function manifestOf(directory: string): Told & { readonly text: string } {
  const text = readFileSync(join(directory, 'update.manifest.json'), 'utf8');
  return { ...(JSON.parse(text) as Told), text };
}

const signaturesIn = (directory: string): number =>
  readdirSync(directory).filter((name) => name.endsWith('.sig')).length;

/** The officer signs, too, and the update is carried over and applied. */
async function cross(update: string, text = IMPORT): Promise<void> {
  const [directory = ''] = update.split(' ');
  await online(`sign online/${directory} --sign-key online/keys/officer.private.pem`);
  await inside(`apply online/${update}`, 0, text);
}

describe('the commented settings in docs/examples', () => {
  const from = process.cwd();
  before(async () => {
    process.chdir(realpathSync(mkdtempSync(join(tmpdir(), 'conda-diff-settings-'))));
    for (const side of ['online', 'air-gapped']) mkdirSync(join(side, 'keys'), { recursive: true });
    for (const [name, side] of [
      ['mirror', 'online'],
      ['officer', 'online'],
      ['plant', 'air-gapped'],
      ['lab', 'air-gapped'],
    ] as const)
      await runHere('conda-diff-export', ['keygen', `${side}/keys/${name}`]);
    for (const name of ['mirror', 'officer'])
      cpSync(`online/keys/${name}.public.pem`, `air-gapped/keys/${name}.public.pem`);
    for (const name of ['plant', 'lab'])
      cpSync(`air-gapped/keys/${name}.public.pem`, `online/keys/${name}.public.pem`);
    for (const [side, repository] of [
      ['online', 'mirror'],
      ['air-gapped', 'copy'],
    ] as const) {
      mkdirSync(join(side, 'disk/win-64'), { recursive: true });
      mkdirSync(join(side, repository));
      symlinkSync('../disk/win-64', join(side, repository, 'win-64'));
    }
    await week(0);
  });
  after(() => {
    const here = process.cwd();
    process.chdir(from);
    rmSync(here, { recursive: true });
  });

  it('hold every setting that there is', () => {
    const schema = JSON.parse(readFileSync(new URL('schemas/config.schema.json', PROJECT), 'utf8')) as {
      properties: Record<string, { additionalProperties?: { properties: Record<string, unknown> } }>;
    };
    const files = [load(EXPORT), load(IMPORT)] as Record<string, Record<string, object>>[];
    const keys = new Set(files.flatMap((file) => Object.keys(file)));
    assert.deepEqual([...keys].sort(), Object.keys(schema.properties).sort());
    const ownKeys = Object.keys(schema.properties.sites?.additionalProperties?.properties ?? {});
    assert.deepEqual(Object.keys(files[0]?.sites?.lab ?? {}).sort(), ownKeys.sort());
  });

  it('repository, state-dir, site: init knows all three', async () => {
    assert.match(
      await online('init --empty'),
      /Next: conda-diff-export create .*\/online\/mirror --site plant/,
    );
    assert.ok(existsSync('online/state/ledger.jsonl'));
    assert.ok(!existsSync('online/mirror/.conda-diff/ledger.jsonl'));
    await online('init --empty --site lab');
  });

  it('sites: a name that is none of them is refused with the nearest', async () => {
    const said = await online('init --empty --site labb', 2);
    assert.match(said, /The configuration has no site 'labb'\n[^]*Did you mean --site lab\?/);
    assert.match(await online('init --empty --site x', 2), /Add it to 'sites', .*: x: \{\}/);
  });

  it('output, ignore, include, allowed-links, sign-keys: create obeys them', async () => {
    await online('create');
    const { text } = manifestOf('online/outbox/plant-1');
    assert.doesNotMatch(text, /"path":"osx-64/);
    assert.match(text, /"path":"win-64\/eagle/);
    assert.match(text, /"path":"keys\/team\.asc"/);
    assert.equal(signaturesIn('online/outbox/plant-1'), 1);
  });

  it('trusted-keys, require-signatures, allowed-links: apply asks for two, and follows', async () => {
    const said = /1 of 2|asked for|signatures/;
    assert.match(await online('report online/outbox/plant-1 -o -', 13), said);
    assert.match(await inside('apply online/outbox/plant-1', 13), said);
    assert.ok(!existsSync('air-gapped/copy/noarch'));
    await cross('outbox/plant-1');
    await online('report online/outbox/plant-1 --format markdown -o -');
    assert.ok(existsSync('air-gapped/copy/noarch/repodata.json'));
    assert.ok(existsSync('air-gapped/state/reference.json'));
    assert.ok(existsSync('air-gapped/disk/win-64/repodata.json'));
  });

  it('sign-keys of the copy, receipt-keys: an unsigned receipt and a code confirm nothing', async () => {
    const code = /Confirmation code: (\S+)/.exec(await inside('status'))?.[1] ?? '';
    assert.notEqual(code, '');
    const mirror = 'online/mirror';
    await online(`confirm ${mirror} ${code}`, 13);
    await inside(
      'receipt -o receipt.json',
      0,
      changed(IMPORT, '  - keys/plant.private.pem', '  - keys/lab.private.pem'),
    );
    await online(`confirm ${mirror} receipt.json`, 13);
    mkdirSync('signed', { recursive: true });
    await inside('receipt -o signed/receipt.json');
    assert.match(await online(`confirm ${mirror} signed/receipt.json`), /update 1 arrived/);
  });

  it('base: assumed and confirmed differ as soon as something is on its way', async () => {
    await week(1);
    await online('create');
    await week(2);
    await online('create');
    const [one, two, three] = [1, 2, 3].map((n) => manifestOf(`online/outbox/plant-${String(n)}`));
    assert.equal(three?.base.digest, two?.target.digest);
    const text = changed(EXPORT, 'base: assumed', 'base: confirmed');
    await online('create', 0, text);
    assert.equal(manifestOf('online/outbox/plant-4').base.digest, one?.target.digest);
  });

  it('volume-size: the archive is divided', async () => {
    await week(3);
    writeFileSync('online/mirror/keys/other.asc', Buffer.alloc(8000));
    assert.ok(existsSync('online/outbox/plant-4/update.tar'));
    await online('create', 0, changed(EXPORT, 'volume-size: 4.3G', 'volume-size: 12k'));
    assert.ok(existsSync('online/outbox/plant-5/update.002.tar'));
    const wrong = changed(EXPORT, 'volume-size: 4.3G', 'volume-size: 4 apples');
    assert.match(await online('create', 2, wrong), /'4 apples' is not a volume size/);
  });

  it('sites: lab has settings of its own', async () => {
    assert.match(await online('create --site lab', 2), /has not confirmed what it has/);
    await online('create --site lab --base assumed');
    const first = manifestOf('online/lab-outbox/lab-1');
    assert.doesNotMatch(first.text, /"path":"(win-64|osx-64|keys)/);
    const small = changed(EXPORT, '    volume-size: 700M', '    volume-size: 12k');
    await week(2);
    await online('create --site lab --base assumed', 0, small);
    assert.ok(existsSync('online/lab-outbox/lab-2/update.002.tar'));
    const said = await online('confirm online/mirror signed/receipt.json --site lab', 13);
    assert.match(said, /sign/);
  });

  it('site: the copy refuses an update of another one', async () => {
    await online('sign online/lab-outbox/lab-1 --sign-key online/keys/officer.private.pem');
    const fresh = changed(changed(IMPORT, 'repository: copy', 'repository: new'), 'state-dir: state', '');
    const said = await inside('check online/lab-outbox/lab-1', 12, fresh);
    assert.match(said, /site/);
    await inside('check online/lab-outbox/lab-1', 0, changed(fresh, 'site: plant', ''));
  });

  it('gc-older-than: imports and gc leave alone what was retired later', async () => {
    const retired = (n: number): RegExp => new RegExp(`^Retired: ${String(n)} file`, 'm');
    await cross('outbox/plant-2');
    assert.match(await inside('status'), retired(1));
    await cross('outbox/plant-3');
    assert.match(await inside('status'), retired(2));
    assert.match(await inside('gc'), /^Deleted 0 retired files .*; 2 wait on/m);
    const soon = changed(IMPORT, 'gc-older-than: 7d', 'gc-older-than: 0h');
    assert.match(await inside('gc', 0, soon), /^Deleted 2 retired files .*; 0 wait on/m);
    const wrong = changed(IMPORT, 'gc-older-than: 7d', 'gc-older-than: soon');
    for (const command of ['gc', 'recover', 'apply online/outbox/plant-5'])
      assert.match(await inside(command, 2, wrong), /'soon' is not a time to wait\n.*90m, 48h or 7d/);
  });

  it('undo: what is replaced is kept, or not; a flag wins', async () => {
    assert.match(await inside('status'), /^Undo holds/m);
    const without = changed(IMPORT, 'undo: true', 'undo: false');
    await cross('outbox/plant-5', without);
    assert.match(await inside('status'), /Undo is not possible/);
    await inside('undo', 12);
    await week(2);
    await online('create');
    await cross('outbox/plant-6 --undo', without);
    await inside('undo');
    await cross('outbox/plant-6 --no-undo');
    await inside('undo', 12);
  });

  it('keep-references: states of earlier updates go', async () => {
    const kept = (): number => readdirSync('online/state/references').length;
    await inside('receipt -o signed/receipt.json');
    await online('confirm online/mirror signed/receipt.json');
    const before = kept();
    await week(1);
    await online('create', 0, changed(EXPORT, 'keep-references: 26', 'keep-references: 1'));
    assert.ok(kept() < before, `${String(kept())} of ${String(before)}`);
  });
});
