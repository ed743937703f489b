/**
 * Whether a library failed for want of memory, whatever it made of that: the document is not broken but
 * needs more than it may have.
 */
export function isOutOfRoom(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof RangeError && /allocation failed/i.test(at.message)) return true;
  }
  return false;
}
