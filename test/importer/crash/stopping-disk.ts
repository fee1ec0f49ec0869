import { type Step, StepDisk } from './step-disk.js';

/** What stands for the end of the process. */
export class Crashed extends Error {}

/**
 * A disk that performs so many steps; every later one throws, also in the code that clears up: nothing of a dead
 * process runs.
 */
export class StoppingDisk extends StepDisk {
  readonly taken: Step[] = [];

  constructor(steps: number, makesLinks = true) {
    super(async (step, act) => {
      if (this.taken.length >= steps) throw new Crashed(`Crashed before ${step.call} ${step.path}`);
      this.taken.push(step);
      return act();
    }, makesLinks);
  }
}
