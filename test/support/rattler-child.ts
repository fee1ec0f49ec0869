/**
 * Solves with rattler in a process of its own: `node rattler-child.js '{"channels": […], "platforms": […], "specs": […]}'`
 * prints the solved records as JSON.
 */
import { simpleSolve, type Platform } from '@conda-org/rattler';

interface Request {
  readonly specs: string[];
  readonly channels: string[];
  readonly platforms: Platform[];
}

const { specs, channels, platforms } = JSON.parse(process.argv[2] ?? '') as Request;
const solved = await simpleSolve(specs, channels, platforms, []);
const records = solved.map((record) => ({
  name: record.packageName,
  version: record.version,
  build: record.build,
  subdir: record.subdir,
  fileName: record.filename,
  url: record.url,
  sha256: record.sha256,
  md5: record.md5,
  size: Number(record.size),
  depends: record.depends ?? [],
}));
process.stdout.write(`${JSON.stringify(records)}\n`);
