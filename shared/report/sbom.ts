import { Factories } from '@cyclonedx/cyclonedx-library/Contrib/License';
import { ComponentType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  HashDictionary,
  LicenseRepository,
  Metadata,
  Property,
  PropertyRepository,
  Tools,
  ComponentRepository,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as Json, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import parseExpression from 'spdx-expression-parse';
import type { Change, ChangedArtifact } from './changes.js';
import { purlOf } from './purl.js';
import type { Report } from './report.js';

/**
 * The software bill of materials of an update in CycloneDX 1.6: a component for each artifact that it ships. What it
 * removes is no component, since it is not in the update: it stands as properties `conda-diff:removed` of the update
 * itself, each a purl with checksum. The same update and version give the same bytes.
 *
 * @param version of conda-diff
 */
export function cyclonedx(report: Report, version: string): string {
  const bom = new Bom({
    serialNumber: serialNumberOf(report.update.id),
    metadata: new Metadata({
      timestamp: new Date(report.update.created),
      tools: new Tools({ components: new ComponentRepository([toolOf(version)]) }),
      component: updateComponent(report),
    }),
    components: new ComponentRepository(
      report.changes.filter(({ kind }) => kind !== 'removed').flatMap(componentsOf),
    ),
  });
  const serializer = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** A UUID of version 8 (RFC 9562), made from the update id: one update, one serial number. */
function serialNumberOf(id: string): string {
  const digits = `${id.slice(0, 12)}8${id.slice(13, 16)}a${id.slice(17, 32)}`;
  return `urn:uuid:${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

function toolOf(version: string): Component {
  return new Component(ComponentType.Application, 'conda-diff', { version, bomRef: 'conda-diff' });
}

function updateComponent({ update, base, target, manifestFile, changes }: Report): Component {
  const removed = changes.filter(({ kind }) => kind === 'removed').flatMap(({ artifacts }) => artifacts);
  return new Component(ComponentType.Data, `update ${update.site}-${String(update.sequence)}`, {
    version: String(update.sequence),
    bomRef: `update:${update.id}`,
    hashes: new HashDictionary([[HashAlgorithm['SHA-256'], manifestFile.sha256]]),
    properties: properties([
      ['update-id', update.id],
      ['base', base.digest],
      ['target', target.digest],
      ...removed.map((one) => ['removed', purlOf(one, { checksum: `sha256:${one.sha256}` })] as const),
    ]),
  });
}

const licences = new Factories.LicenseFactory((text) => void parseExpression(text));

function componentsOf({ kind, from, artifacts }: Change): Component[] {
  return artifacts.map((artifact) => {
    const { name, version, path, sha256, licence } = artifact;
    return new Component(ComponentType.Library, name, {
      ...(version !== '' && { version }),
      bomRef: path,
      purl: purlOf(artifact),
      hashes: new HashDictionary([[HashAlgorithm['SHA-256'], sha256]]),
      licenses: new LicenseRepository(licence === undefined ? [] : [licences.makeFromString(licence)]),
      properties: properties([
        ['change', kind],
        ...(from === undefined ? [] : ([['updated-from', from]] as const)),
        ...describeFile(artifact),
      ]),
    });
  });
}

function describeFile({ path, size, replaces }: ChangedArtifact): (readonly [string, string])[] {
  return [
    ['path', path],
    ['size', String(size)],
    ...(replaces === undefined ? [] : ([['replaces', `sha256:${replaces.sha256}`]] as const)),
  ];
}

/** Properties of our own, in a name space as the specification wants it. */
function properties(pairs: readonly (readonly [name: string, value: string])[]): PropertyRepository {
  return new PropertyRepository(pairs.map(([name, value]) => new Property(`conda-diff:${name}`, value)));
}
