import type { ClientCredentials } from '../../../lib/http/tokens';
import { mintToken, TokenCache } from '../../../lib/http/tokens';
import { createPbxClient } from '../../../lib/http/client';
import type { Connection } from '../../../lib/http/serverUrl';
import {
	compatibilityReport,
	type CompatibilityReport,
	type ReportOptions,
} from '../../../lib/contract/report';
import { startPbx, type Pbx } from '../../../sandbox/pbx';
import { PROFILES, type Profile, type ProfileName } from '../../../sandbox/pbx/profiles';

/**
 * Asks a PBX with a token of our own: whoever else uses the client ID gets a 401 once.
 *
 * @param connection the PBX
 * @param credentials client ID and secret
 * @param options how long to listen, what to stop at
 */
export async function ask(
	connection: Connection,
	credentials: ClientCredentials,
	options: ReportOptions = {},
): Promise<CompatibilityReport> {
	let expiresIn: number | undefined;
	const mint: typeof mintToken = async (...args) => {
		const token = await mintToken(...args);
		({ expiresIn } = token);
		return token;
	};
	const tokens = new TokenCache(mint).source(connection, credentials);
	await tokens.get();
	return await compatibilityReport(createPbxClient({ connection, tokens }), {
		clientId: credentials.clientId,
		expiresIn,
		mint: async () => await mintToken(connection, credentials),
		...options,
	});
}

/** Somebody calls from outside, and a queue is called, so that there is something to see and to hear. */
function keepBusy({ calls, store }: Pbx): NodeJS.Timeout | undefined {
	const [did] = store.rows('Trunks').flatMap((trunk) => (trunk.DidNumbers ?? []) as string[]);
	const call = () => {
		try {
			const callid = calls.incoming({ from: '+441632960111', did, to: '100' });
			calls.answer({ callid });
			calls.internal({ from: '101', to: '102' });
		} catch {
			// A PBX without these extensions stays silent.
		}
	};
	call();
	return setInterval(call, 200);
}

/**
 * Asks the sandbox in one of its profiles.
 *
 * @param name the profile
 * @param inspect is shown the PBX once it has been asked
 */
export async function askSandbox(
	name: ProfileName,
	inspect: (pbx: Pbx) => void = () => undefined,
): Promise<CompatibilityReport> {
	const profile: Profile = PROFILES[name];
	const pbx = await startPbx(profile.options());
	profile.prepare?.(pbx);
	const busy = keepBusy(pbx);
	try {
		const connection = { origin: pbx.url, ignoreSslIssues: false };
		const report = await ask(connection, pbx.defaultClient, { listenMs: 1_000 });
		inspect(pbx);
		return report;
	} finally {
		clearInterval(busy);
		await pbx.close();
	}
}
