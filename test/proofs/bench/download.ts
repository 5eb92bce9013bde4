import { accessOf, type Bench } from './bench';
import { peakMegabytes, restingMegabytes } from './rss';
import { median, rotated, rounded } from './statistics';
import { HTTP, OURS, manual } from './workflows';

/** A big recording to binary data. */
export interface Download {
	/** MB/s of ours by MB/s of the HTTP Request node. */
	ratio_vs_http_request: number;
	ours_rss_growth_mb: number;
	http_request_rss_growth_mb: number;
}

const WHO = ['ours', 'http'] as const;

/** Downloads in an n8n that has just been started and has downloaded a recording of one second. */
export async function measureDownload(bench: Bench): Promise<Download> {
	const { n8n, scale, description } = bench;
	const { big, small } = description.recordings;
	await n8n.up();
	const access = {
		ours: await accessOf(bench, 'ours', 'files'),
		http: await accessOf(bench, 'http', 'files'),
	};
	const nodes = { ours: OURS.download, http: HTTP.download };
	const save = async (who: 'ours' | 'http', id: number) =>
		await n8n.save(manual(`download ${who} ${id}`, [nodes[who](access[who], id)]));
	const workflows = {
		ours: { small: await save('ours', small), big: await save('ours', big) },
		http: { small: await save('http', small), big: await save('http', big) },
	};
	const speed: Record<'ours' | 'http', number[]> = { ours: [], http: [] };
	const growth: Record<'ours' | 'http', number[]> = { ours: [], http: [] };
	for (let round = 0; round < scale.startRounds; round++) {
		for (const who of rotated(WHO, round)) {
			await n8n.start();
			await n8n.api.measure(workflows[who].small);
			const idle = await restingMegabytes(n8n.pid);
			const { result, peak } = await peakMegabytes(
				n8n.pid,
				async () => await n8n.api.measure(workflows[who].big),
			);
			const rate = scale.recordingBytes / 1e6 / (result.ms / 1000);
			speed[who].push(rate);
			growth[who].push(peak - idle);
			bench.say(`  download ${who}: ${Math.round(rate)} MB/s, +${Math.round(peak - idle)} MB`);
		}
	}
	return {
		ratio_vs_http_request: rounded(median(speed.ours) / median(speed.http), 2),
		ours_rss_growth_mb: rounded(median(growth.ours)),
		http_request_rss_growth_mb: rounded(median(growth.http)),
	};
}
