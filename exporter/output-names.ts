import { MANIFEST } from '../shared/rules.js';
import { basename } from 'node:path';
import { signerOf } from '../shared/signature.js';

/** The names of the files of an update, beside each other: `update.tar` gives `update.manifest.json`, …. */
export interface OutputNames {
  /** The archive, where there is one; several have a number before the extension. */
  readonly archive: string;
  readonly manifest: string;
  readonly baseReference: string;
}

const TAR = '.tar';

/** @param archive path or name that ends in `.tar` */
export function outputNames(archive: string): OutputNames {
  const stem = archive.slice(0, -TAR.length);
  return { archive, manifest: stem + MANIFEST, baseReference: `${stem}.base.json.gz` };
}

/** The names of the files of the update that has this manifest. */
export function namesOfManifest(manifest: string): OutputNames {
  return outputNames(manifest.slice(0, -MANIFEST.length) + TAR);
}

/** The names of report and SBOM beside an update. They are not of it: nothing reads them. */
export function reviewNames({ manifest }: OutputNames): { readonly report: string; readonly sbom: string } {
  const stem = manifest.slice(0, -MANIFEST.length);
  return { report: `${stem}.report.html`, sbom: `${stem}.cdx.json` };
}

/** `update.tar` where it is the only volume, else `update.001.tar`, …; numbers above 999 are longer. */
export function volumeFile(archive: string, number: number, count: number): string {
  return count === 1 ? archive : numbered(archive, number);
}

function numbered(archive: string, number: number): string {
  return `${archive.slice(0, -TAR.length)}.${String(number).padStart(3, '0')}${TAR}`;
}

/** Whether an archive of this name would be taken for a volume of another update. */
export function looksLikeVolume(archive: string): boolean {
  return /\.\d{3,}\.tar$/.test(archive);
}

/**
 * The files of an update among those that lie beside its manifest: the manifest first, then volumes from the last to the
 * first, so that one that is cut short leaves no gap. Volumes count from 001 up to the first number that is not there:
 * whatever has another number is somebody else's.
 *
 * @param there names in the directory
 * @returns names
 */
export function outputsAmong(names: OutputNames, there: readonly string[]): string[] {
  const [archive, manifest] = [basename(names.archive), basename(names.manifest)];
  const volumes: string[] = [];
  for (let number = 1; there.includes(numbered(archive, number)); number++)
    volumes.unshift(numbered(archive, number));
  const signatures = there.filter((name) => signerOf(name, manifest) !== undefined).sort();
  const fixed = [manifest, archive, basename(names.baseReference)].filter((name) => there.includes(name));
  return [...fixed, ...signatures, ...volumes];
}

/** What an interrupted run left of the files of an update: they were not complete. */
export function partialsAmong(names: OutputNames, there: readonly string[]): string[] {
  return there.filter((name) => {
    const whole = /^(.+)\.[0-9a-f]{8}\.partial$/.exec(name)?.[1];
    return whole !== undefined && isOutput(whole, names);
  });
}

function isOutput(name: string, names: OutputNames): boolean {
  const archive = basename(names.archive);
  const number = /\.(\d{3,})\.tar$/.exec(name)?.[1];
  return (
    [names.archive, names.manifest, names.baseReference].some((file) => basename(file) === name) ||
    signerOf(name, basename(names.manifest)) !== undefined ||
    (number !== undefined && name === numbered(archive, Number(number)))
  );
}
