import { createPbxClient, type PbxClient } from '../../lib/http/client';
import type { TokenSource } from '../../lib/http/tokens';

/** A source with one token: for tests in which the PBX never refuses it. */
export const fixedToken = (value: string): TokenSource => ({
	get: async () => await Promise.resolve(value),
	renew: async () => await Promise.reject(new Error('The token was refused')),
});

/** A client of a PBX that takes any token. */
export const clientAt = (origin: string): PbxClient =>
	createPbxClient({
		connection: { origin, ignoreSslIssues: false },
		tokens: fixedToken('token'),
	});
