/** The time now as our documents write it: ISO 8601, UTC, whole seconds. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
