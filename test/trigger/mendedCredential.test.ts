import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import { credentialUsed } from '../../lib/http/credentialUse';
import { processTokens } from '../../lib/http/tokens';
import { stampOf } from '../../lib/http/stamps';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { Collector } from '../callcontrol/collector';
import { QUICK, quietPbx } from '../callcontrol/link';
import { CredentialStore, runNode } from '../support/n8n';
import { activate, type Emitted } from '../support/triggerHarness';

/** The key of the API client is regenerated in 3CX, and the credential mended after a while: the trigger listens again. */

/** Nothing happens by itself within the time of a test. */
const PATIENT = {
	...QUICK,
	pingMs: 5_000,
	pongMs: 5_000,
	credentialsMs: 600_000,
	recheckMs: 600_000,
	accessRetryMs: 600_000,
};

class PatientTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: PATIENT });
	}
}

class HastyTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: { ...PATIENT, recheckMs: 200 } });
	}
}

const closers: Array<() => Promise<unknown>> = [];

afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	await closeDispatchers();
	expect(linkCount()).toBe(0);
});

let nodes = 0;

/** A trigger that listens, at a PBX whose key is then regenerated: it waits, because the PBX refuses what it has. */
async function waiting(type: typeof ThreeCxTrigger = PatientTrigger) {
	const pbx = await quietPbx();
	closers.push(async () => await pbx.close());
	const { url: pbxUrl, defaultClient } = pbx;
	const { clientId, clientSecret } = defaultClient;
	const credentials = new CredentialStore({ pbxUrl, clientId, clientSecret });
	const emitted = new Collector<Emitted>();
	const { response } = await activate({
		type,
		credentials,
		nodeId: `mended ${++nodes}`,
		parameters: { events: ['callRinging', 'connectionLost'] },
		onEmit: emitted.push,
	});
	closers.push(async () => await response.closeFunction?.());
	const old = clientSecret;
	(defaultClient as { clientSecret: string }).clientSecret = `regenerated ${nodes}`;
	await pbx.restart();
	await emitted.first(({ items }) => JSON.stringify(items).includes('onnectionLost'), 'the loss');
	while (pbx.failedLogins === 0) await new Promise(setImmediate);
	// The answer has come, too.
	await processTokens
		.source({ origin: pbxUrl, ignoreSslIssues: false }, { clientId, clientSecret })
		.newest?.();
	const hears = async (ms: number) => {
		const calling = setInterval(() => pbx.calls.incoming({ from: '+441632960123', to: '100' }), 50);
		await emitted
			.first(({ items }) => JSON.stringify(items).includes('441632960123'), 'a call', 0, ms)
			.finally(() => clearInterval(calling));
	};
	return { pbx, credentials, old, hears };
}

const mend = ({ stored }: CredentialStore, { defaultClient }: Pbx) =>
	Object.assign(stored, { clientSecret: defaultClient.clientSecret });

const act = async (credentials: CredentialStore) =>
	await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials,
		onError: 'continueRegularOutput',
	});

test('within 5 s of the next use of the credential', async () => {
	const { pbx, credentials, hears } = await waiting();
	mend(credentials, pbx);
	await act(credentials);
	await hears(5_000);
	expect(pbx.failedLogins).toBe(1);
});

test('within 5 s of its Test', async () => {
	const { pbx, credentials, hears } = await waiting();
	mend(credentials, pbx);
	const { clientId, clientSecret } = pbx.defaultClient;
	// What `preAuthentication` of the credential does first; test/nodes holds the rest of it.
	credentialUsed(stampOf({ origin: pbx.url, clientId, clientSecret }));
	await hears(5_000);
});

test('by itself when it looks at its credential the next time', async () => {
	const { pbx, credentials, hears } = await waiting(HastyTrigger);
	mend(credentials, pbx);
	await hears(5_000);
	expect(pbx.failedLogins).toBe(1);
});

test('where the old key is put back in 3CX, within 5 s of a login with it', async () => {
	const { pbx, old, hears } = await waiting();
	const { url: origin, defaultClient } = pbx;
	(defaultClient as { clientSecret: string }).clientSecret = old;
	const client = { clientId: defaultClient.clientId, clientSecret: old };
	// As Test of the credential does it, which does not wait because the PBX has refused it before.
	await processTokens.source({ origin, ignoreSslIssues: false }, client).get();
	credentialUsed(stampOf({ origin, ...client }), true);
	await hears(5_000);
	expect(pbx.failedLogins).toBe(1);
});

test('a credential of somebody else, with another secret, changes nothing', async () => {
	const { pbx, hears } = await waiting();
	const { clientId } = pbx.defaultClient;
	for (let use = 0; use < 100; use++) {
		credentialUsed(stampOf({ origin: pbx.url, clientId, clientSecret: `made up ${use}` }), true);
	}
	await expect(hears(1_500)).rejects.toThrow('waited');
	// The PBX blocks addresses that fail often.
	expect(pbx.failedLogins).toBe(1);
});
