import type { Stamp } from './stamps';

/** Whose credential is used, in hashes. */
export type UsedBy = Pick<Stamp, 'tenant' | 'secret'>;

/**
 * Told of each use of a credential in this process.
 *
 * @param didLogIn whether the PBX has just taken its client ID and secret
 */
export type OnUse = (by: UsedBy, didLogIn: boolean) => void;

/** The links that are open, or wait. */
const listeners = new Set<OnUse>();

/**
 * Whoever waits because a PBX refuses client ID or secret learns here that somebody works with them, or with others: they
 * may have been mended meanwhile.
 *
 * @returns ends that
 */
export function onCredentialUse(listener: OnUse): () => void {
	listeners.add(listener);
	return () => void listeners.delete(listener);
}

/** Says that a credential is used; see {@link OnUse}. */
export function credentialUsed(by: UsedBy, didLogIn = false): void {
	for (const listener of [...listeners]) listener(by, didLogIn);
}
