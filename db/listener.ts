/** Wakes those who follow a run when its journal has grown, in any process. */
export interface EventListener extends AsyncDisposable {
  /** `onChange` may also be called when nothing has changed; returns how to stop. */
  subscribe(runId: string, onChange: () => void): () => void;
}
