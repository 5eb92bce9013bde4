import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedN8n } from '../../../../sandbox/playground/n8nFolder';
import type { Scenario } from './index';

/** As much of the public MCP SDK's client as we use. */
interface McpClient {
	connect(transport: object): Promise<void>;
	listTools(): Promise<{
		tools: Array<{ name: string; description: string; inputSchema: { properties?: object } }>;
	}>;
	callTool(call: {
		name: string;
		arguments: object;
	}): Promise<{ content: Array<{ text: string }> }>;
	close(): Promise<void>;
}

/** The public MCP SDK, which n8n brings along: a client that we have not written. */
function mcpSdk() {
	const load = createRequire(join(installedN8n().folder, 'node_modules', 'n8n', 'package.json'));
	const sdk = '@modelcontextprotocol/sdk/client';
	const { Client } = load(`${sdk}/index.js`) as {
		Client: new (about: { name: string; version: string }) => McpClient;
	};
	const { StreamableHTTPClientTransport: Transport } = load(`${sdk}/streamableHttp.js`) as {
		StreamableHTTPClientTransport: new (url: URL, options: object) => object;
	};
	return { Client, Transport };
}

const TOKEN = 'playground-token-of-mcp-clients';

export const agentTools: Scenario = async (stage, check) => {
	const pbx = await stage.pbx({ seedCallLogRows: 400 });
	await stage.credentials(pbx);
	await stage.api.saveCredential('MCP clients', 'httpBearerAuth', { token: TOKEN });
	const { publish, end } = await stage.import('agent-tools.json');
	await publish();
	const { Client, Transport } = mcpSdk();
	const connect = async (token: string) => {
		const client = new Client({ name: 'proof', version: '1' });
		const url = new URL(`${stage.api.baseUrl}/mcp/3cx-tools`);
		const headers = { authorization: `Bearer ${token}` };
		await client.connect(new Transport(url, { requestInit: { headers } }));
		return client;
	};

	await check('who does not have the token is refused', async () => {
		await assert.rejects(async () => await connect('wrong'), /40[13]|Authorization/);
	});
	const client = await connect(TOKEN);
	const ask = async (name: string, args: object = {}) =>
		(await client.callTool({ name, arguments: args })).content.map(({ text }) => text).join('');
	await check('there are eight tools; those that act say so', async () => {
		const { tools } = await client.listTools();
		assert.equal(tools.length, 8);
		const acting = tools
			.filter(({ description }) => description.startsWith('ACTS'))
			.map(({ name }) => name);
		assert.deepEqual(acting.sort(), ['Set_Status', 'Start_Call']);
		const parameters = Object.fromEntries(
			tools.map(({ name, inputSchema }) => [
				name,
				Object.keys(inputSchema.properties ?? {}).sort(),
			]),
		);
		assert.deepEqual(parameters.Start_Call, ['destination', 'user']);
		assert.deepEqual(parameters.Find_Contact, ['number']);
	});
	const expected: Array<[string, object, RegExp]> = [
		['Find_Contact', { number: '+442079460101' }, /Winslow/],
		['Get_Colleague', { user: '100' }, /Hartley/],
		['Get_Colleague', { user: '104' }, /Doyle/],
		['List_Colleagues', {}, /Whitfield/],
		['Queue_Status', {}, /Appointments/],
		['Recent_Calls', {}, /talkingSeconds/],
		['PBX_Overview', {}, /problems/],
	];
	for (const [name, args, answer] of expected)
		await check(`${name} ${JSON.stringify(args)} answers from the PBX`, async () =>
			assert.match(await ask(name, args), answer),
		);
	await check('Set_Status sets the status on the PBX', async () => {
		await ask('Set_Status', { user: '105', status: 'Away' });
		const user = pbx.store.rows('Users').find(({ Number: number }) => number === '105');
		assert.equal(user?.CurrentProfileName, 'Away');
	});
	await check('Start_Call rings the phone on the PBX', async () => {
		await ask('Start_Call', { user: '101', destination: '+441632960123' });
		assert.ok(
			pbx.requests.some(({ method, path }) => method === 'POST' && path.includes('MakeCall')),
		);
	});
	await check('no secret shows in any answer', async () => {
		const answers = await Promise.all(expected.map(async ([name, args]) => await ask(name, args)));
		assert.ok(!answers.join().includes(pbx.defaultClient.clientSecret));
	});
	await client.close();
	await end();
};
