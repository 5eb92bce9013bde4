import { parseArgs } from 'node:util';
import { runSoak } from './';

const HELP = `npm run -s soak                      trigger, poller and actions for 30 minutes while everything goes wrong
npm run -s soak -- --json           the same; the last line is one JSON object
Options
  --minutes <n>   how long, 0.5 to 240; default 30
  --seed <n>      another choice of calls and troubles; default 1

Heap (after a collection of garbage), memory of the process, handles, timers, sockets, listeners, links and what is under
way are measured every 5 s. A measure is flat when the line through the second half of its samples rises by no more than
a few percent (see test/proofs/soak/samples.ts). The exit code is 1 when one is not, when anything is left after the stop,
when trigger or poller told nothing, or when an action failed in a way that no PBX can be blamed for.
`;

/** How long the end may take beyond the minutes asked for, in ms. */
const GRACE_MS = 120_000;

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			json: { type: 'boolean', default: false },
			minutes: { type: 'string', default: '30' },
			seed: { type: 'string', default: '1' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const minutes = Number(values.minutes);
	if (!(minutes >= 0.5 && minutes <= 240)) {
		process.stderr.write('--minutes takes a number from 0.5 to 240\n');
		return 2;
	}
	setTimeout(
		() => {
			process.stderr.write('It did not come to an end\n');
			process.exit(2);
		},
		minutes * 60_000 + GRACE_MS,
	).unref();
	const result = await runSoak({
		minutes,
		seed: Number(values.seed),
		onSample: (sample) => {
			const shown = Object.entries(sample).map(
				([name, value]) => `${name} ${Math.round(value * 10) / 10}`,
			);
			process.stderr.write(`${shown.join('  ')}\n`);
		},
	});
	process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : '\t')}\n`);
	const isNothingLeft = Object.values(result.left).every((count) => count === 0);
	// What is quiet is flat as well: it has to have worked.
	const hasWorked = result.events > 0 && result.polled > 0 && result.actions > result.failed;
	return result.flat && isNothingLeft && hasWorked && result.surprises.length === 0 ? 0 : 1;
}

process.env.N8N_LOG_LEVEL ??= 'silent';
void main().then(
	(code) => process.exit(code),
	(error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(2);
	},
);
