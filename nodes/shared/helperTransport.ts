import type { Readable } from 'node:stream';
import type { IHttpRequestHelper, IHttpRequestOptions } from 'n8n-workflow';
import { MAX_SMALL_BYTES, readText } from '../../lib/http/body';
import type { PbxClientFields } from '../../lib/http/credentialFields';
import type { CredentialCheck } from '../../lib/http/credentialCheck';
import { isBlocked, notAllowed } from './egress';

/** How long the PBX may take to begin its answer, and again to end it, in ms. */
const ANSWER_MS = 30_000;

/**
 * Sends the requests of a credential check with n8n's own HTTP helper: there n8n offers no egress filter to ask, but the
 * helper obeys it, and the proxies of the operator. Redirects are not followed.
 *
 * @param helpers what n8n gives to `preAuthentication`
 * @param client the PBX
 * @returns how to log in and to try a token
 */
export function overHelper(
	{ helpers }: IHttpRequestHelper,
	{ origin, ignoreSslIssues }: PbxClientFields,
): Pick<CredentialCheck, 'transport' | 'probe'> {
	const ask = async (options: Omit<IHttpRequestOptions, 'url'> & { path: string }) => {
		const { path, ...others } = options;
		const answer = (await helpers
			.httpRequest({
				...others,
				url: origin + path,
				encoding: 'stream',
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				skipSslCertificateValidation: ignoreSslIssues,
				timeout: ANSWER_MS,
				abortSignal: AbortSignal.timeout(ANSWER_MS),
			})
			.catch((error: unknown) => {
				throw isBlocked(error) ? notAllowed(origin) : error;
			})) as { statusCode: number; headers: Record<string, string>; body: Readable };
		const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: ANSWER_MS };
		const { text } = await readText(answer.body, limits);
		return { status: answer.statusCode, headers: answer.headers, text };
	};
	return {
		transport: async ({ path, headers, body }) =>
			await ask({ method: 'POST', path, headers, body }),
		probe: async (token) => {
			const headers = { authorization: `Bearer ${token}` };
			return (await ask({ path: '/xapi/v1/Defs?$select=Id', headers })).status;
		},
	};
}
