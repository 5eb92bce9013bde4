import { parseArgs } from 'node:util';
import { runChaos } from './';
import { trigger } from './trigger';

const HELP = `npm run -s chaos                   plays 5,000 calls through the 3CX Trigger while everything goes wrong (8 minutes)
npm run -s chaos -- --json         the same; one JSON object on stdout
Options
  --calls <n>   how many calls; default 5000
  --seed <n>    another choice of calls and troubles; default 1

A second trigger tells whole calls while n8n itself goes wrong: it is killed and started again ("restarts"), refuses
executions and leaves others hanging ("handover_faults"). Of each call the end has to be told once, whoever saw it
("ended_lost", "ended_twice"); the call log may be read.

The exit code is 1 when an event was lost, told twice or out of order, or when a socket or timer was left. What no client
can know is counted apart: "unknowable_link_down" were over before the state could be read over the next link,
"unknowable_too_short" lasted less than a second (see test/proofs/chaos/judge.ts).
`;

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			json: { type: 'boolean', default: false },
			calls: { type: 'string', default: '5000' },
			seed: { type: 'string', default: '1' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const {
		examples,
		call_examples: ofCalls,
		...result
	} = await runChaos({
		...trigger,
		calls: Number(values.calls),
		seed: Number(values.seed),
	});
	for (const example of [...examples, ...ofCalls]) process.stderr.write(`${example}\n`);
	process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : '\t')}\n`);
	const { lost, duplicated, out_of_order: disordered, sockets_leaked, timers_leaked } = result;
	const { ended_lost: unended, ended_twice: twice } = result;
	const wrong = lost + duplicated + disordered + unended + twice;
	return wrong + sockets_leaked + timers_leaked > 0 ? 1 : 0;
}

process.env.N8N_LOG_LEVEL ??= 'silent';
void main().then(
	(code) => process.exit(code),
	(error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(2);
	},
);
