/**
 * What repeating a tool's call does. `pure`: nothing. `idempotent`: the same again. `keyed`: nothing,
 * if the idempotency key is passed on. `once`: harm; it is never retried after an unknown outcome.
 */
export const EFFECT_CLASSES = ['pure', 'idempotent', 'keyed', 'once'] as const;
/** Effect class of a tool. */
export type EffectClass = (typeof EFFECT_CLASSES)[number];

/** When a person must approve a tool call first. */
export const APPROVAL_POLICIES = ['never', 'always'] as const;
/** Approval policy of a tool in an agent. */
export type ApprovalPolicy = (typeof APPROVAL_POLICIES)[number];
