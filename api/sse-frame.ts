/** Tells a slow reader that its stream ends here; it resumes behind the last id it has seen. */
export const LAGGING_FRAME = 'event: lagging\ndata: {}\n\n';

/** Tells a reader that its key is no longer valid. */
export const REVOKED_FRAME = 'event: revoked\ndata: {}\n\n';

const FRAMES = new WeakMap<object, string>();

/** The event on the wire; built once for all who follow with it. */
export function frameOf(id: string, event: { readonly type: string }): string {
  const known = FRAMES.get(event);
  if (known !== undefined) return known;
  const frame = `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  FRAMES.set(event, frame);
  return frame;
}

/** Closes a stream; without an id, so that a reader's place stays at the last event. */
export function endFrame(data: Readonly<Record<string, string>>): string {
  return `event: end\ndata: ${JSON.stringify(data)}\n\n`;
}
