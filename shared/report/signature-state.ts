import type { Report } from './report.js';

/** A signature beside the manifest, and whether it was found to be that of a trusted key. */
export interface SignatureState {
  /** Name of its file. */
  readonly name: string;
  readonly state: 'verified' | 'not verified';
}

/** What is known of each signature: only those of keys that were given could be verified. */
export function signatureStates({
  signatures,
  verified,
}: Pick<Report, 'signatures' | 'verified'>): SignatureState[] {
  return signatures.map((name) => {
    const isVerified = verified.some((id) => name.endsWith(`.${id}.sig`));
    return { name, state: isVerified ? 'verified' : 'not verified' };
  });
}
