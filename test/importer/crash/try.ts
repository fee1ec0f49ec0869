import { makeUpdates, apply, undo, onCopy, recover, leaveLock } from './updates.js';
import { StoppingDisk } from './stopping-disk.js';
import { mkdtempSync } from 'node:fs';
import { essence, passage, readerProblems, burstOf } from './checks.js';
const f = mkdtempSync('/dev/shm/try-');
let t0 = Date.now();
const u = await makeUpdates(f);
console.log('fixture', Date.now() - t0);
for (let i = 0; i < 3; i++) {
  t0 = Date.now();
  const disk = new StoppingDisk(Infinity);
  const { image: after } = await onCopy(u.copy, f + '/x', (r) => apply(r, u.update.v2, { disk }));
  console.log('apply', Date.now() - t0, disk.taken.length, after.files.size);
  t0 = Date.now();
  const disk2 = new StoppingDisk(Infinity);
  const { image: undone } = await onCopy(after, f + '/x', (r) => undo(r, disk2));
  console.log('undo', Date.now() - t0, disk2.taken.length, undone.files.size);
  t0 = Date.now();
  await onCopy(undone, f + '/x', async (r) => {
    leaveLock(r);
    return recover(r);
  });
  console.log('recover', Date.now() - t0);
  t0 = Date.now();
  console.log(readerProblems(after, passage(u.copy, u.tracked.v1, u.tracked.v2), false), Date.now() - t0);
  if (i == 0) {
    console.log(essence(after));
    console.log(
      disk.taken.map((s, n) => n + ' ' + s.call + ' ' + s.path).join('\n'),
      burstOf(disk.taken, f + '/x', passage(u.copy, u.tracked.v1, u.tracked.v2)),
    );
  }
}
