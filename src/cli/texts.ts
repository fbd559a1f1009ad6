/** 1234567 → `1,234,567`. */
export const countText = (count: number): string => count.toLocaleString('en');

export const messagesText = (count: number): string => `${countText(count)} ${count === 1 ? 'message' : 'messages'}`;

export const filesText = (count: number): string => `${countText(count)} ${count === 1 ? 'file' : 'files'}`;
