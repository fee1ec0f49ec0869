import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { NO_PERMISSIONS } from '../../../importer/fit.js';
import type { ErrorCode } from '../../../shared/errors.js';
import { hashOf } from '../../support/arbitrary.js';
import { temporaryDirectory } from '../../support/channel.js';
import { apply, check, cloneSite, listing, NEW, type Site, siteOfSuite } from '../../support/hostile-site.js';
import { moveFile, seal, section, takeApart, type UpdateDraft } from '../../support/hostile-update.js';
import { apply as importInto } from '../../support/importing.js';
import { rejects } from '../../support/refusal.js';

const FILES = ['update.tar', 'update.manifest.json'] as const;

describe('What lies on the media in place of a file', () => {
  const siteOf = siteOfSuite();

  async function refused(
    t: TestContext,
    file: string,
    code: ErrorCode,
    put: (path: string) => void,
  ): Promise<void> {
    const site = siteOf();
    const update = join(await temporaryDirectory(t), 'update');
    execFileSync('cp', ['-a', site.update, update]);
    const path = join(update, file);
    renameSync(path, `${path}.right`);
    put(path);
    const before = listing(site.world);
    for (const run of [check, apply]) await rejects(run(site, update), code);
    assert.deepEqual(listing(site.world), before);
  }

  for (const file of FILES) {
    it(`a FIFO does not keep the import waiting: ${file}`, async (t) => {
      await refused(t, file, 'malformed', (path) => execFileSync('mkfifo', [path]));
    });
    it(`a link to a device without end: ${file}`, async (t) => {
      await refused(t, file, 'malformed', (path) => {
        symlinkSync('/dev/zero', path);
      });
    });
    it(`a directory: ${file}`, async (t) => {
      await refused(t, file, 'malformed', (path) => {
        mkdirSync(path);
      });
    });
    it(`a link to a secret: ${file}`, async (t) => {
      const code = file === 'update.tar' ? 'integrity' : 'malformed';
      await refused(t, file, code, (path) => {
        symlinkSync(join(siteOf().outside, 'secret'), path);
      });
    });
  }

  it('a FIFO for the base reference is no base reference', async (t) => {
    const site = siteOf();
    const update = join(await temporaryDirectory(t), 'update');
    execFileSync('cp', ['-a', site.update, update]);
    rmSync(join(update, 'update.base.json.gz'));
    execFileSync('mkfifo', [join(update, 'update.base.json.gz')]);
    await check(site, update);
  });
});

describe('What lies in the copy', () => {
  const siteOf = siteOfSuite();

  /** The copy is altered, the update crafted, and the import refused; nothing changes. */
  async function refused(
    t: TestContext,
    code: ErrorCode,
    text: RegExp,
    spoil: (site: Site) => void,
    craft: (draft: UpdateDraft) => void = () => undefined,
  ): Promise<void> {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    spoil(site);
    const draft = takeApart(site.update);
    craft(draft);
    seal(draft, site.media);
    const before = listing(site.world);
    for (const run of [check, apply]) await rejects(run(site, site.media), code, text);
    assert.deepEqual(listing(site.world), before);
  }

  const inDirectory = (draft: UpdateDraft): void => {
    moveFile(draft, NEW, 'deep/new-1.0-0.conda');
  };

  it('a directory that is a link to the outside, where a file is added', async (t) => {
    await refused(
      t,
      'malformed',
      /deep leads out of the repository/,
      ({ copy }) => {
        symlinkSync('../outside', join(copy, 'deep'));
      },
      inDirectory,
    );
  });

  it('a directory below a link to the outside, where a file is added', async (t) => {
    await refused(
      t,
      'malformed',
      /outside\/deep|leads out of the repository/,
      ({ copy }) => {
        symlinkSync('../outside', join(copy, 'out'));
      },
      (draft) => {
        moveFile(draft, NEW, 'out/deep/new-1.0-0.conda');
      },
    );
  });

  it('a link in the place of a directory, which leads nowhere', async (t) => {
    await refused(
      t,
      'malformed',
      /deep is a link that leads nowhere/,
      ({ copy }) => {
        symlinkSync('../nothing', join(copy, 'deep'));
      },
      inDirectory,
    );
  });

  it('a link to our own state', async (t) => {
    await refused(
      t,
      'malformed',
      /deep leads into our own state/,
      ({ copy }) => {
        symlinkSync('.conda-diff', join(copy, 'deep'));
      },
      inDirectory,
    );
  });

  it('the directory of everything as a link to the outside', async (t) => {
    await refused(t, 'fit', /./, ({ copy, outside }) => {
      renameSync(join(copy, 'noarch'), join(outside, 'noarch'));
      symlinkSync('../outside/noarch', join(copy, 'noarch'));
    });
  });

  it('a directory in the place of a file', async (t) => {
    await refused(t, 'io', /is in the way|EISDIR|directory/, ({ copy }) => {
      mkdirSync(join(copy, NEW));
    });
  });
});

describe('An update takes away', () => {
  const siteOf = siteOfSuite();

  async function refused(
    t: TestContext,
    text: RegExp,
    craft: (draft: UpdateDraft, site: Site) => void,
  ): Promise<void> {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    const draft = takeApart(site.update);
    craft(draft, site);
    seal(draft, site.media);
    const before = listing(site.world);
    for (const run of [check, apply]) await rejects(run(site, site.media), 'malformed', text);
    assert.deepEqual(listing(site.world), before);
  }

  const absent = (draft: UpdateDraft, path: string, named: string): void => {
    section(draft.manifest, 'absent').push({ path, named });
  };

  for (const named of ['record', 'removed']) {
    it(`no untracked file that it says is absent (${named})`, async (t) => {
      await refused(t, /private\.txt is no tracked file/, (draft) => {
        absent(draft, 'private.txt', named);
      });
    });
    it(`no artifact that no index lies beside (${named})`, async (t) => {
      await refused(t, /attic\/old\.conda is no tracked file/, (draft, { copy }) => {
        mkdirSync(join(copy, 'attic'));
        writeFileSync(join(copy, 'attic/old.conda'), 'x');
        absent(draft, 'attic/old.conda', named);
      });
    });
    it(`no file of its own target (${named})`, async (t) => {
      await refused(t, /that are said to be absent\n.*stays-1\.0-0\.conda/, (draft) => {
        absent(draft, 'noarch/stays-1.0-0.conda', named);
      });
    });
    it(`no index of its own target (${named})`, async (t) => {
      await refused(t, /noarch\/repodata\.json stands twice|said to be absent/, (draft) => {
        absent(draft, 'noarch/repodata.json', named);
      });
    });
  }

  it('no file that only its include globs take in, unless it is told to', async (t) => {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    const draft = takeApart(site.update);
    draft.manifest.header['include'] = ['private*'];
    seal(draft, site.media);
    const before = listing(site.world);
    for (const run of [check, apply])
      await rejects(run(site, site.media), 'fit', /private\.txt: here, not in the target/);
    assert.deepEqual(listing(site.world), before);
    await importInto(site.copy, site.media, { permissions: { ...NO_PERMISSIONS, acceptDrift: true } });
    assert.ok(!existsSync(join(site.copy, 'private.txt')));
  });

  it('what it says is absent, where an index lies beside it', async (t) => {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    const draft = takeApart(site.update);
    writeFileSync(join(site.copy, 'noarch/unknown-1.0-0.conda'), 'x');
    absent(draft, 'noarch/unknown-1.0-0.conda', 'removed');
    seal(draft, site.media);
    await apply(site, site.media);
    assert.throws(() => readFileSync(join(site.copy, 'noarch/unknown-1.0-0.conda')), { code: 'ENOENT' });
  });

  it('no untracked file when it was applied already', async (t) => {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    await apply(site, site.update);
    const draft = takeApart(site.update);
    const line = { path: 'private.txt', size: 15, sha256: hashOf('of the operator') };
    section(draft.base, 'entries').push(line);
    section(draft.manifest, 'removed').push(line);
    seal(draft, site.media);
    await apply(site, site.media);
    assert.doesNotMatch(readFileSync(join(site.copy, '.conda-diff/retired.json'), 'utf8'), /private/);
    await apply(site, site.update);
    assert.equal(readFileSync(join(site.copy, 'private.txt'), 'utf8'), 'of the operator');
  });
});
