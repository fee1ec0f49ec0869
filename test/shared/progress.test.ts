import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PhaseView, progressLine } from '../../shared/progress.js';

const STAGE: PhaseView = {
  phase: 'stage',
  done: { files: 30, bytes: 1_500_000_000 },
  total: { files: 100, bytes: 4_000_000_000 },
  elapsed: 3000,
};

const WIDTHS = [99, 75, 60, 30, 20, 10, 3];

describe('the line of a phase', () => {
  it('shows share, amount, rate and time left', () => {
    assert.equal(
      progressLine(STAGE, 100),
      'stage   [=======             ]   37 %  1.5 GB of 4.0 GB, 30 of 100 files  500.0 MB/s  5 s left',
    );
  });

  it('leaves out on a narrow terminal what tells least', () => {
    const lines = WIDTHS.map((width) => progressLine(STAGE, width));
    assert.deepEqual(lines, [
      'stage   [=======             ]   37 %  1.5 GB of 4.0 GB, 30 of 100 files  500.0 MB/s  5 s left',
      'stage    37 %  1.5 GB of 4.0 GB, 30 of 100 files  500.0 MB/s  5 s left',
      'stage    37 %  1.5 GB of 4.0 GB, 30 of 100 files  5 s left',
      'stage    37 %  5 s left',
      'stage    37 %',
      '37 %',
      '37 ',
    ]);
    for (const [i, width] of WIDTHS.entries()) assert.ok((lines[i]?.length ?? 0) <= width, lines[i]);
  });

  it('counts files where there are no bytes to count, and shows no share of an unknown total', () => {
    const commit = {
      ...STAGE,
      phase: 'commit',
      done: { files: 50, bytes: 0 },
      total: { files: 200, bytes: 0 },
    };
    assert.match(
      progressLine(commit as PhaseView, 100),
      /^commit .* 25 % {2}50 of 200 files {2}17 files\/s {2}9 s left$/,
    );
    const scan = { ...STAGE, phase: 'scan', total: { files: 0, bytes: 0 } };
    assert.equal(progressLine(scan as PhaseView, 100), 'scan    1.5 GB, 30 files  500.0 MB/s');
  });

  it('writes long times in minutes and hours', () => {
    const after = (bytes: number): string =>
      progressLine({ ...STAGE, done: { files: 0, bytes }, total: { files: 0, bytes: 1e12 } }, 120);
    assert.match(after(40e9), / 1 min 12 s left$/);
    assert.match(after(4e8), / 2 h 4 min left$/);
    assert.doesNotMatch(after(0), /left|\/s|Infinity|NaN/);
  });

  it('never passes 100 %, also when more was done than was foreseen', () => {
    assert.match(progressLine({ ...STAGE, done: { files: 200, bytes: 5e9 } }, 100), / 100 % .* 0 s left$/);
  });
});
