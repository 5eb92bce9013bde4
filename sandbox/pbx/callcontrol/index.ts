import type { Directory } from '../types';
import { CallEngine } from './engine';
import type { EngineOptions } from './types';

export { CallEngine, type LegRef, type RouteOptions } from './engine';
export { Refusal } from './errors';
export { callControlRoutes } from './routes';
export {
	attachSocket,
	type Authenticate,
	type CallControlSockets,
	type SocketOptions,
} from './socket';
export type {
	ActiveCall,
	CallControlEvent,
	EngineEvents,
	EngineOptions,
	ExternalOutcome,
	JournalEntry,
	JournalKind,
	Participant,
	Reason,
	Status,
} from './types';

/**
 * Makes the engine that plays the calls of a simulated PBX.
 *
 * @param directory the DNs, read anew on every use, so that a user made over XAPI can be rung at once
 */
export function createCallEngine(directory: Directory, options: EngineOptions = {}): CallEngine {
	return new CallEngine(directory, options);
}
