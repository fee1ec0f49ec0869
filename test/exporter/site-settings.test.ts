import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requireConfigured, settingsOf } from '../../exporter/site-settings.js';
import type { CondaDiffError } from '../../shared/errors.js';

const CONFIG = {
  repository: '/m',
  base: 'assumed',
  ignore: ['a/**'],
  sites: { lab: { base: 'confirmed', ignore: [] }, plant: {} },
};

describe('settingsOf', () => {
  it('lets what a site has of its own win', () => {
    assert.deepEqual(settingsOf(CONFIG, 'lab'), { repository: '/m', base: 'confirmed', ignore: [] });
  });

  it('is what stands outside for a site without settings, and for one that is not named', () => {
    for (const site of ['plant', 'default', 'constructor', 'toString'])
      assert.deepEqual(settingsOf(CONFIG, site), { repository: '/m', base: 'assumed', ignore: ['a/**'] });
    assert.deepEqual(settingsOf({ base: 'empty' }, 'lab'), { base: 'empty' });
  });
});

describe('requireConfigured', () => {
  it('takes the sites of the configuration, and every name where it tells of none', () => {
    requireConfigured(CONFIG, 'lab');
    requireConfigured(CONFIG, undefined);
    requireConfigured({}, 'anything');
  });

  it('refuses another name', () => {
    for (const [name, hint] of [
      ['plnt', 'Did you mean --site plant?'],
      ['constructor', "Add it to 'sites', without settings of its own: constructor: {}"],
    ] as const)
      assert.throws(
        () => requireConfigured(CONFIG, name),
        (error: CondaDiffError) => error.code === 'usage' && error.hint === hint,
      );
  });
});
