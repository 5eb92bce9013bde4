import { rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import { Download, type Invocation, type Rules } from '../context';

const SAMPLE_RATE = 8000;

/** A second of silence as a WAV file: mono, 16 bit, 8 kHz. */
function silence(): Buffer {
	const data = SAMPLE_RATE * 2;
	const header = Buffer.alloc(44);
	header.write('RIFF', 0);
	header.writeUInt32LE(36 + data, 4);
	header.write('WAVEfmt ', 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20);
	header.writeUInt16LE(1, 22);
	header.writeUInt32LE(SAMPLE_RATE, 24);
	header.writeUInt32LE(SAMPLE_RATE * 2, 28);
	header.writeUInt16LE(2, 32);
	header.writeUInt16LE(16, 34);
	header.write('data', 36);
	header.writeUInt32LE(data, 40);
	return Buffer.concat([header, Buffer.alloc(data)]);
}

/** Sets values of the recordings that an action names; it says nothing of those that it does not know. */
const mark =
	(values: Row) =>
	({ context, args }: Invocation): void => {
		for (const id of args.ids as number[]) {
			const recording = context.store.find('Recordings', 'Id', id);
			if (recording) context.store.update('Recordings', recording, values);
		}
	};

export const recordings: Rules = {
	operations: {
		'Pbx.DownloadRecording'({ context, args }) {
			const recording = context.store.find('Recordings', 'Id', args.recId);
			if (!recording) throw rejected({ recId: 'WARNINGS.XAPI.FILE_NOT_FOUND' });
			const name = String(recording.RecordingUrl).split('/').pop() ?? 'recording.wav';
			return new Download(silence(), 'audio/x-wav', name);
		},
		'Pbx.BulkRecordingsArchive': mark({ IsArchived: true }),
		'Pbx.TranscribeRecordings': mark({
			IsTranscribed: true,
			Transcription: 'Nothing but a second of silence.',
		}),
		'Pbx.BulkRecordingsDelete'({ context, args }) {
			for (const id of args.ids as number[]) {
				const recording = context.store.find('Recordings', 'Id', id);
				if (recording) context.store.remove('Recordings', recording);
			}
		},
	},
};
