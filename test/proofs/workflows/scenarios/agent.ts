import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedN8n } from '../../../../sandbox/playground/n8nFolder';
import type { WorkflowTemplate } from '../../../../sandbox/playground/api';
import type { Pbx } from '../../../../sandbox/pbx';
import type { ChatModel } from '../../../../sandbox/playground/services';
import { CALLER, EVERYDAY_REQUESTS, type EverydayRequest, type World } from '../everydayRequests';
import { nextStep, type OfferedTool, type Step } from '../modelStub';
import type { Stage } from '../stage';
import type { Check, Scenario } from './index';

/** As much of the public MCP SDK's client as we use. */
interface McpClient {
	connect(transport: object): Promise<void>;
	listTools(): Promise<{
		tools: Array<{ name: string; description: string; inputSchema: OfferedTool['schema'] }>;
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

const FILE = 'agent-tools.json';
const TOKEN = 'playground-token-of-mcp-clients';
const ACTING = ['Block_Number', 'Hang_Up', 'Set_Status', 'Start_Call', 'Transfer_Call'];

/** What somebody who connects to an MCP server of this n8n can do. */
async function connect(stage: Stage, path: string, token: string) {
	const { Client, Transport } = mcpSdk();
	const client = new Client({ name: 'proof', version: '1' });
	const url = new URL(`${stage.api.baseUrl}/mcp/${path}`);
	const headers = { authorization: `Bearer ${token}` };
	await client.connect(new Transport(url, { requestInit: { headers } }));
	return {
		tools: async (): Promise<OfferedTool[]> =>
			(await client.listTools()).tools.map(({ inputSchema: schema, ...tool }) => ({
				...tool,
				schema,
			})),
		use: async (name: string, args: object) =>
			(await client.callTool({ name, arguments: args })).content.map(({ text }) => text).join(''),
		close: async () => await client.close(),
	};
}

/** A PBX on which something is going on. */
async function busyPbx(stage: Stage): Promise<{ pbx: Pbx; world: World }> {
	const pbx = await stage.pbx({ seedCallLogRows: 400 });
	await stage.credentials(pbx);
	pbx.calls.incoming({ from: '+441632960140', to: '801' });
	const talk = (from: string, dn: string) => {
		const callid = pbx.calls.incoming({ from, to: dn });
		pbx.calls.answer({ callid, dn });
		return pbx.calls.legsOf(callid).find((leg) => leg.dn === dn)!.id;
	};
	const talking = talk('+441632960141', '106');
	const ending = talk('+441632960142', '107');
	const callid = pbx.calls.incoming({ from: CALLER, to: '108' });
	pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	return { pbx, world: { talking, ending } };
}

/** What became of it at the PBX, whoever used the tools. */
async function checkEffects({ store, calls }: Pbx, check: Check): Promise<void> {
	const statusOf = (number: string) =>
		store.rows('Users').find((user) => user.Number === number)?.CurrentProfileName;
	await check('the statuses are set on the PBX', () => {
		assert.equal(statusOf('100'), 'Away');
		assert.equal(statusOf('105'), 'Available');
	});
	await check('the phone of 101 rang twice to make calls', () =>
		assert.equal(calls.participants('101').length, 2),
	);
	await check('the call of 106 goes to 104, who takes it', () => {
		const ringing = calls
			.participants('104')
			.find((leg) => leg.party_caller_id === '+441632960141');
		assert.ok(ringing, '104 rings');
		calls.answer({ callid: ringing.callid, dn: '104' });
		assert.deepEqual(calls.participants('106'), []);
	});
	await check('the call of 107 has ended', () => assert.equal(calls.participants('107').length, 0));
	await check('the number is blocked', () =>
		assert.ok(store.rows('BlackListNumbers').some((row) => row.CallerId === '+441632960999')),
	);
}

/** Holds what was done for a request against what has to be. */
function assertDone(request: EverydayRequest, world: World, steps: readonly Step[]): void {
	const last = steps.at(-1);
	assert.deepEqual(
		steps.map(({ tool }) => tool),
		request.tools,
	);
	if (request.with) assert.deepEqual(last?.arguments, request.with(world));
	if (request.answer) assert.match(last?.answer ?? '', request.answer);
}

/** A chat model that decides as {@link nextStep}; keeps what was done for each request. */
function chatModel(): { chat: ChatModel; done: Map<string, Step[]> } {
	const done = new Map<string, Step[]>();
	let calls = 0;
	interface Message {
		role: string;
		content: unknown;
		tool_calls?: Array<{ id: string; function: { name: string; arguments: string } }>;
		tool_call_id?: string;
	}
	const textOf = (content: unknown) =>
		typeof content === 'string'
			? content
			: ((content ?? []) as Array<{ text?: string }>).map(({ text = '' }) => text).join('');
	const chat: ChatModel = ({ messages, tools = [] }) => {
		const said = messages as Message[];
		const request = textOf(said.findLast(({ role }) => role === 'user')?.content);
		const offered = (
			tools as Array<{
				function: { name: string; description: string; parameters: OfferedTool['schema'] };
			}>
		).map(({ function: { parameters: schema, ...tool } }) => ({ ...tool, schema }));
		const steps = said.flatMap(({ tool_calls: used = [] }) =>
			used.map(({ id, function: { name, arguments: given } }) => ({
				tool: name,
				arguments: JSON.parse(given) as Step['arguments'],
				answer: textOf(said.find((each) => each.tool_call_id === id)?.content),
			})),
		);
		const next = nextStep(request, offered, steps);
		done.set(request, steps);
		if ('answer' in next) return { role: 'assistant', content: next.answer };
		const call = { name: next.tool, arguments: JSON.stringify(next.arguments) };
		return {
			role: 'assistant',
			content: null,
			tool_calls: [{ id: `call_${++calls}`, type: 'function', function: call }],
		};
	};
	return { chat, done };
}

/** A workflow in which an AI Agent with these tools is asked one thing after the other. */
function agentWorkflow(tools: WorkflowTemplate['nodes'], requests: string[]): WorkflowTemplate {
	const node = (name: string, type: string, typeVersion: number, parameters: object) =>
		({ id: name, name, type, typeVersion, position: [0, 0], parameters }) as never;
	const to = (target: string, type = 'main') => ({
		[type]: [[{ node: target, type, index: 0 }]],
	});
	return {
		name: 'An agent with the 3CX tools',
		nodes: [
			node('Try It', 'n8n-nodes-base.manualTrigger', 1, {}),
			node('Day', 'n8n-nodes-base.set', 3.4, {
				mode: 'raw',
				jsonOutput: JSON.stringify({ request: requests }),
			}),
			node('Requests', 'n8n-nodes-base.splitOut', 1, { fieldToSplitOut: 'request' }),
			node('Agent', '@n8n/n8n-nodes-langchain.agent', 2, {
				promptType: 'define',
				text: '={{ $json.request }}',
				options: { maxIterations: 6 },
			}),
			{
				...(node('Model', '@n8n/n8n-nodes-langchain.lmChatOpenAi', 1.2, {
					model: { __rl: true, mode: 'id', value: 'gpt-4o-mini' },
					options: { maxRetries: 0 },
				}) as object),
				credentials: { openAiApi: { id: null, name: 'OpenAI' } },
			} as never,
			...tools,
		],
		connections: {
			'Try It': to('Day'),
			Day: to('Requests'),
			Requests: to('Agent'),
			Model: to('Agent', 'ai_languageModel'),
			...Object.fromEntries(tools.map(({ name }) => [name, to('Agent', 'ai_tool')])),
		},
		settings: { executionOrder: 'v1' },
	};
}

/** The argument that n8n makes of a field that takes JSON. */
const JSON_ARGUMENT = 'Greetings__JSON_array_';

/** An MCP server with one tool, which takes JSON. */
const jsonWorkflow = ({ nodes }: Pick<WorkflowTemplate, 'nodes'>): WorkflowTemplate => {
	const server = nodes.find(({ type }) => type.endsWith('.mcpTrigger'))!;
	const tool = nodes.find(({ name }) => name === 'Find Colleague')!;
	return {
		name: 'A 3CX tool that takes JSON',
		nodes: [
			{
				...server,
				webhookId: '3c0f5b1e-6a52-4d0c-9a0e-3c0000000099',
				parameters: { ...server.parameters, path: '3cx-json' },
			} as never,
			{
				...tool,
				name: 'Set Greetings',
				parameters: {
					resource: 'user',
					operation: 'update',
					user: { __rl: true, mode: 'any', value: '104' },
					moreFields: {
						mappingMode: 'defineBelow',
						value: {
							Greetings: `={{ $fromAI('${JSON_ARGUMENT}', \`JSON array of Type and Filename\`, 'json') }}`,
						},
						matchingColumns: [],
						schema: [
							{
								id: 'Greetings',
								displayName: 'Greetings (JSON array)',
								required: false,
								defaultMatch: false,
								display: true,
								type: 'array',
							},
						],
					},
				},
			},
		],
		connections: {
			'Set Greetings': { ai_tool: [[{ node: server.name, type: 'ai_tool', index: 0 }]] },
		},
		settings: { executionOrder: 'v1' },
	};
};

/** What a model is told of an argument that takes JSON, which n8n alone decides, and what may be given. */
async function giveJson(stage: Stage, pbx: Pbx, workflow: WorkflowTemplate, check: Check) {
	const saved = await stage.api.saveWorkflow(jsonWorkflow(workflow));
	await stage.api.publish(saved);
	const mcp = await connect(stage, '3cx-json', TOKEN);
	await check('n8n gives JSON no type: the name and the description say what it is', async () => {
		const [tool] = await mcp.tools();
		assert.match(tool!.description, /^Update a user in 3CX/);
		assert.deepEqual(tool!.schema.properties, {
			[JSON_ARGUMENT]: { description: 'JSON array of Type and Filename' },
		});
	});
	await check('JSON arrives at the PBX', async () => {
		const greetings = [{ Type: 'Available', Filename: 'hello.wav' }];
		await mcp.use('Set_Greetings', { [JSON_ARGUMENT]: greetings });
		const user = pbx.store.rows('Users').find((each) => each.Number === '104');
		assert.deepEqual(
			(user?.Greetings as object[]).map((each) => ({ ...each })),
			greetings,
		);
	});
	await check('text in its place is refused by n8n', async () => {
		const answer = await mcp.use('Set_Greetings', { [JSON_ARGUMENT]: '[]' });
		assert.match(answer, /schema|object|array/i);
	});
	await mcp.close();
	await stage.api.unpublish(saved.id);
}

export const agentTools: Scenario = async (stage, check) => {
	const { pbx, world } = await busyPbx(stage);
	await stage.api.saveCredential('MCP clients', 'httpBearerAuth', { token: TOKEN });
	const { workflow, publish, end } = await stage.import(FILE);
	await publish();

	await check('who does not have the token is refused', async () => {
		await assert.rejects(
			async () => await connect(stage, '3cx-tools', 'wrong'),
			/40[13]|Authorization/,
		);
	});
	const mcp = await connect(stage, '3cx-tools', TOKEN);
	const tools = await mcp.tools();
	await check('there are eleven tools; those that act say so', () => {
		assert.equal(tools.length, 11);
		const acting = tools.filter(({ description }) => description.startsWith('ACTS'));
		assert.deepEqual(acting.map(({ name }) => name).sort(), ACTING);
	});
	await check('every argument says what it takes', () => {
		for (const { name, schema } of tools)
			for (const [key, { type, description = '' }] of Object.entries(schema.properties ?? {}))
				assert.ok(type === 'string' && description.length > 10, `${name}: ${key}`);
	});

	const answers: string[] = [];
	for (const request of EVERYDAY_REQUESTS) {
		const { ask } = request;
		await check(`MCP: ${ask}`, async () => {
			const steps: Step[] = [];
			for (;;) {
				const next = nextStep(ask, tools, steps);
				if ('answer' in next) break;
				steps.push({ ...next, answer: await mcp.use(next.tool, next.arguments) });
			}
			answers.push(...steps.map(({ answer }) => answer));
			assertDone(request, world, steps);
		});
	}
	await checkEffects(pbx, check);
	await check('what is refused says why, what there is, and in which argument', async () => {
		const answer = await mcp.use('Set_Status', { user: '105', status: 'Lunch' });
		assert.match(answer, /no status "Lunch".*Available, Away.*\(Parameter: status\)/s);
		answers.push(answer);
	});
	await check('no secret shows in any answer', () =>
		assert.ok(!answers.join().includes(pbx.defaultClient.clientSecret)),
	);
	await mcp.close();
	await giveJson(stage, pbx, workflow, check);
	await end();
	await askTheAgent(
		stage,
		check,
		workflow.nodes.filter(({ type }) => type.endsWith('Tool')),
	);
};

/** The same day, with n8n's AI Agent between. */
async function askTheAgent(stage: Stage, check: Check, tools: WorkflowTemplate['nodes']) {
	const { pbx, world } = await busyPbx(stage);
	const { chat, done } = chatModel();
	const { ai } = stage.services;
	const before = ai.chat;
	ai.chat = chat;
	const asked = EVERYDAY_REQUESTS.map(({ ask }) => ask);
	const { id } = await stage.api.saveWorkflow(agentWorkflow(tools, asked));
	const execution = await stage.api.run(id, 'Try It', 300_000);
	ai.chat = before;
	await check('the agent has an answer for every request', () => {
		assert.equal(execution.status, 'success', execution.error);
		const answers = execution.items('Agent').map(({ output }) => String(output));
		assert.equal(answers.length, asked.length);
		assert.deepEqual(
			asked.filter((_, at) => !answers[at]),
			[],
		);
	});
	for (const [at, request] of EVERYDAY_REQUESTS.entries())
		await check(`agent: ${asked[at]}`, () => assertDone(request, world, done.get(asked[at]!)!));
	await checkEffects(pbx, check);
}
