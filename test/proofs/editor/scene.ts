import type { Locator } from 'playwright-core';
import type { Stage } from '../workflows/stage';
import type { Editor } from './editor';

/** What a case plays with. */
export interface Scene {
	editor: Editor;
	/** n8n's interface, the services at the other ends, and simulated PBXs. */
	stage: Stage;
	/** Takes a picture of README or docs: of the window, or of a part of it. */
	picture(file: string, of?: Locator): Promise<void>;
}

/** Something that people do. */
export interface Case {
	name: string;
	play(scene: Scene): Promise<void>;
}
