import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSiteName, requireDistinct, requireSite, siteFlag, siteNames } from '../../exporter/sites.js';
import { base } from '../support/ledger-events.js';
import { refuses } from '../support/refusal.js';

describe('the name of a site', () => {
  for (const name of ['default', 'a', 'Lab-2', '2nd', 'x_y.z', 'a'.repeat(64)]) {
    it(`may be ${name}`, () => assert.equal(checkSiteName(name), name));
  }
  for (const name of ['', '.', '..', '-x', '_x', '.x', 'a/b', 'a\\b', 'a b', 'ä', 'a\n', 'a'.repeat(65)]) {
    it(`may not be ${JSON.stringify(name)}`, () => {
      refuses(() => checkSiteName(name), 'usage', /cannot be the name of a site\n.*begins with a letter/);
    });
  }

  it('may not differ from another only in capitals', () => {
    requireDistinct(['lab', 'default'], 'lab');
    requireDistinct(['lab', 'default'], 'lab2');
    refuses(() => requireDistinct(['lab', 'default'], 'Lab'), 'usage', /'Lab' differs from the site 'lab'/);
  });
});

describe('a site', () => {
  it('is known once the ledger names it, in the order of the ledger', () => {
    const events = ['lab', 'default', 'lab'].map((site) => base('', { site }));
    assert.deepEqual(siteNames(events), ['lab', 'default']);
  });

  it('must be known; only the default one of a repository without any need not be made first', () => {
    requireSite([], 'default', '/m');
    requireSite(['lab', 'x'], 'x', '/m');
    refuses(
      () => requireSite(['lab', 'x'], 'default', '/m'),
      'usage',
      /There is no site 'default' of \/m\nthere is lab\nthere is x\nName one of these with --site/,
    );
    refuses(() => requireSite([], 'lab', '/m'), 'usage', /no site 'lab'[^]*init \/m --site lab --empty/);
  });

  it('needs a flag unless it is the default one', () => {
    assert.deepEqual([siteFlag('default'), siteFlag('lab')], ['', ' --site lab']);
  });
});
