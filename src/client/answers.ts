import type { Synced } from '../model';
import { createSyncedReader, NoAnswer } from '../wire/sync';

/** What was asked, and who is told: of the answer, or that none comes. */
interface Asked {
  readonly token: number;
  readonly take: (answer: Synced | undefined) => void;
}

/** The syncs of one connection that wait for their answers, which come in their order. */
export class AwaitedAnswers {
  private readonly read = createSyncedReader();
  private readonly asked: Asked[] = [];

  get isEmpty(): boolean {
    return this.asked.length === 0;
  }

  ask(token: number, take: Asked['take']): void {
    this.asked.push({ token, take });
  }

  /** @throws NoAnswer where the bytes are none, or answer something else; nothing after that can be read */
  receive(chunk: Buffer): void {
    for (const synced of this.read(chunk)) {
      const [first] = this.asked;
      if (first?.token !== synced.token)
        throw new NoAnswer(`found an answer to the sync ${synced.token}, not the next`);
      this.asked.shift();
      first.take(synced);
    }
  }

  /** No more of them comes. */
  lost(): void {
    for (const { take } of this.asked.splice(0)) take(undefined);
  }
}
