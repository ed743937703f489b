/** A version of a file that a run has published as a result. */
export interface Artifact {
  readonly id: string;
  readonly runId: string;
  readonly stepId: string | null;
  readonly name: string;
  readonly path: string;
  /** Of the file. */
  readonly version: number;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** ISO 8601. */
  readonly createdAt: string;
}
