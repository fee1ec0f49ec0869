import { lstatSync } from 'node:fs';
import { type Step, StepDisk } from './step-disk.js';

/** A real disk that notes every step once it is taken, with the mode that the file system gave. */
export class RecordingDisk extends StepDisk {
  readonly taken: Step[] = [];

  constructor(makesLinks = true) {
    super(async (step, act) => {
      const result = await act();
      this.taken.push(withMode(step));
      return result;
    }, makesLinks);
  }
}

function withMode(step: Step): Step {
  if (step.call !== 'create' && step.call !== 'make-directory') return step;
  return { ...step, mode: lstatSync(step.path).mode & 0o7777 };
}
