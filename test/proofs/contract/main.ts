import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { closeDispatchers } from '../../../lib/http/dispatchers';
import { readFields } from '../../../lib/http/credentialFields';
import type { CompatibilityReport } from '../../../lib/contract/report';
import { PROFILES, type ProfileName } from '../../../sandbox/pbx/profiles';
import { ask, askSandbox } from './sandbox';
import { EXPECTED_DIFFERENCES } from './differences';

const HELP = `npm run -s contract                                       asks the simulated PBX, in all its profiles
npm run -s contract -- --url https://pbx.example.com --client-id n8n    asks a real one
Options
  --json             the report as JSON, to attach to an issue
  --listen <s>       how long to listen for events of calls, in seconds; default 5
  --insecure         accept any certificate
  --profile <name>   one profile of the simulated PBX: ${Object.keys(PROFILES).join(', ')}

The client secret is read from THREECX_CLIENT_SECRET, or asked for. A real PBX is only read, but it ends the tokens that
other programs hold for the same client ID: they get new ones by themselves, running audio streams end. Nothing of yours is
in the report: no names, numbers, addresses or tokens.
The exit code is 1 when the simulated PBX differs from docs/protocol.md in another way than its profile should.
`;

/** Asks for a secret without showing it. */
async function secretFromTerminal(): Promise<string> {
	const { stdin, stderr } = process;
	if (!stdin.isTTY)
		throw new Error('Set THREECX_CLIENT_SECRET to the client secret (the API key of 3CX).');
	stderr.write('Client secret (not shown): ');
	const reader = createInterface({ input: stdin, terminal: true });
	const secret = await new Promise<string>((resolve) => reader.once('line', resolve));
	reader.close();
	stderr.write('\n');
	return secret;
}

/** For people: each guess that has an answer of interest, in one line. */
function summary({
	version = 'unknown',
	role = 'unknown',
	outcomes,
	findings,
}: CompatibilityReport): string {
	const lines = findings
		.filter(({ outcome }) => outcome === 'differs' || outcome === 'unanswered')
		.map(({ guess, claim, outcome, differences = [], answer = {}, expected = {}, why = '' }) =>
			outcome === 'unanswered'
				? `  ${guess} open: ${claim} (${why})`
				: `  ${guess} DIFFERS: ${claim}\n${differences
						.map(
							(name) =>
								`      ${name}: ${JSON.stringify(answer[name])}, not ${JSON.stringify(expected[name])}\n`,
						)
						.join('')}`.trimEnd(),
		);
	const { asExpected, differs, unanswered, notAsked } = outcomes;
	return [
		`3CX ${version}, role ${role}: ${asExpected} as docs/protocol.md says, ${differs} differ, ${unanswered} left open, ${notAsked} not asked`,
		...lines,
		'',
	].join('\n');
}

async function askAll(names: readonly ProfileName[], json: boolean): Promise<number> {
	const all: Record<string, CompatibilityReport> = {};
	let surprises = 0;
	for (const name of names) {
		const report = await askSandbox(name);
		all[name] = report;
		const unexpected = report.differences.join('; ') !== EXPECTED_DIFFERENCES[name].join('; ');
		surprises += Number(unexpected);
		if (json) continue;
		process.stdout.write(
			`${name} (${PROFILES[name].title})${unexpected ? ' UNEXPECTED' : ''}\n${summary(report)}`,
		);
	}
	if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
	const differences = Object.fromEntries(names.map((name) => [name, all[name]!.differences]));
	if (!json)
		process.stdout.write(`${JSON.stringify({ profiles: names.length, surprises, differences })}\n`);
	return surprises === 0 ? 0 : 1;
}

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			url: { type: 'string' },
			'client-id': { type: 'string' },
			profile: { type: 'string' },
			listen: { type: 'string', default: '5' },
			insecure: { type: 'boolean', default: false },
			json: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	if (values.url === undefined) {
		const names = Object.keys(PROFILES) as ProfileName[];
		const chosen = names.filter((name) => values.profile === undefined || name === values.profile);
		if (chosen.length === 0)
			throw new Error(`There is no profile "${values.profile}": ${names.join(', ')}`);
		return await askAll(chosen, values.json);
	}
	const { origin, ...credentials } = readFields({
		pbxUrl: values.url,
		clientId: values['client-id'],
		clientSecret: process.env.THREECX_CLIENT_SECRET ?? (await secretFromTerminal()),
	});
	const listenMs = Number(values.listen) * 1000;
	if (!Number.isFinite(listenMs)) throw new Error('--listen wants a number of seconds');
	const report = await ask({ origin, ignoreSslIssues: values.insecure }, credentials, { listenMs });
	process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : summary(report));
	return 0;
}

main()
	.then((code) => (process.exitCode = code))
	.catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		process.exitCode = 1;
	})
	.finally(() => void closeDispatchers());
