import type { TokenSource } from '../../lib/http/tokens';

/** A source with one token: for tests in which the PBX never refuses it. */
export const fixedToken = (value: string): TokenSource => ({
	get: async () => await Promise.resolve(value),
	renew: async () => await Promise.reject(new Error('The token was refused')),
});
