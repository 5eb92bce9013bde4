import { startMonitor } from '../../lib/callcontrol/link/monitor';
import { createPbxClient } from '../../lib/http/client';
import type { ThreeCxError } from '../../lib/http/errors';
import { processTokens } from '../../lib/http/tokens';

/**
 * Token, request and Call Control socket in a process of its own, because proxies are named by the environment that a
 * process begins with. Takes PBX_URL, CLIENT_ID, CLIENT_SECRET; says in one line of JSON what it came to.
 */
async function main(): Promise<object> {
	const {
		PBX_URL: origin = '',
		CLIENT_ID: clientId = '',
		CLIENT_SECRET: clientSecret = '',
	} = process.env;
	const connection = { origin, ignoreSslIssues: true };
	const tokens = processTokens.source(connection, { clientId, clientSecret });
	const client = createPbxClient({ connection, tokens });
	const { body } = await client.request<{ value: unknown[] }>({
		method: 'GET',
		path: '/xapi/v1/Groups',
	});
	const monitor = startMonitor({
		connect: async () => await Promise.resolve(client),
		onEvents: () => undefined,
	});
	await monitor.ready(10_000);
	await monitor.close();
	return { departments: body.value.length };
}

void main()
	.catch(({ message, hint }: ThreeCxError) => ({ error: message, hint }))
	.then((answer) => {
		process.stdout.write(`${JSON.stringify(answer)}\n`);
		process.exit(0);
	});
