// Types for checking the scripts with `tsc -p src/report/page`. The program does not need them.

declare const preact: { h: any; render: (content: any, parent: Element) => void; Fragment: any; options: any };
declare const htm: { bind(h: any): (strings: TemplateStringsArray, ...values: any[]) => any };
declare const preactHooks: Hooks;
declare var callsheet: Callsheet;

interface Hooks {
  useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
  useRef<T>(initial: T): { current: T };
  useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
  useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
  useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
  useCallback<T extends Function>(call: T, inputs: readonly unknown[]): T;
  useReducer<S, A>(reduce: (state: S, action: A) => S, initial: S): [S, (action: A) => void];
}

/** A job of the page. Times are milliseconds since the epoch, credits are numbers. */
interface PageJob {
  id: string;
  line: number;
  status: "done" | "failed" | "in_doubt" | "submitting" | "rendering" | "downloading" | "pending" | "left_out";
  text: string | null;
  audio: string | null;
  persona: string;
  persona_id: string;
  ratio: string;
  width: number;
  height: number;
  model: string;
  low: number;
  high: number;
  spent: number;
  promised: number;
  used: number | null;
  seconds: number | null;
  remote: string | null;
  /** Links to the video and the still, relative to the page or of the server. */
  file: string | null;
  thumbnail: string | null;
  /** The video's name in the output folder. */
  name: string | null;
  error: string | null;
  advice: string | null;
  command: string | null;
  attempts: number;
  adopted: boolean;
  gone: boolean;
  outdated: boolean;
  /** The cells of the user's own columns. */
  own: string[];
  submitted: number | null;
  accepted: number | null;
  running: number | null;
  rendered: number | null;
  finished: number | null;
  /** Earlier videos of the job, the oldest first. */
  versions: Version[];
}

interface Version {
  file: string;
  thumbnail: string | null;
  remote: string | null;
  finished: number;
}

interface PageData {
  campaign: string;
  sandbox: boolean;
  as_of: number | null;
  columns: string[];
  jobs: PageJob[];
  totals: Record<string, number>;
  credits: {
    spent: number;
    spent_unreported: number;
    promised: number;
    to_do_low: number;
    to_do_likely: number;
    to_do_high: number;
    max_credits: number | null;
    left: number | null;
    [name: string]: any;
  };
  /** Groups of jobs that failed for one reason, with one command for all of them. */
  failures?: { advice: string; command: string; jobs: string[] }[];
  runs: { started_at: string; ended_at: string | null; stopped: string | null }[];
}

/** A decision or comment of a reviewer about one video. */
interface Mark {
  job: string;
  remote: string | null;
  mark: "approved" | "rejected" | "";
  comment: string;
  /** The time code of the comment. */
  seconds: number | null;
  reviewer: string;
  at: number;
}

/** What the reviewers say about a video: the newest decision, and all comments. */
interface Review {
  mark: Mark["mark"];
  by: string;
  comments: Mark[];
}

type Video = { id: string; remote: string | null };

interface MarkStore {
  /** Changes with each change of the marks. */
  version: number;
  /** Whether the marks are only in this browser. */
  isLocal: boolean;
  reviewer: string;
  of(job: Video): Review;
  add(job: Video, change: Partial<Mark>): void;
  /** Removes a mark that is only in this browser. */
  remove(mark: Mark): void;
  setReviewer(name: string): void;
  refresh(): Promise<void>;
  subscribe(listener: () => void): () => void;
  csv(jobs: Video[]): string;
  save(jobs: Video[]): void;
}

/** What the studio can do; on the page from disk, commands are shown instead. */
interface ReviewActions {
  /** Pays again for failed jobs. */
  retry?(jobs: PageJob[]): void;
  /** Opens the dialog to make a video again with other words. */
  redo?(job: PageJob): void;
}

interface ApiError {
  status: number;
  error: string;
  hints: string[];
  problems: any[];
}

interface Callsheet extends Hooks {
  html: (strings: TemplateStringsArray, ...values: any[]) => any;
  Fragment: any;
  mount(content: any): void;
  STATUSES: Record<string, string>;
  canRedo(job: PageJob): boolean;
  number(value: number): string;
  plural(count: number, noun: string): string;
  credits(value: number): string;
  range(low: number, high: number): string;
  duration(milliseconds: number): string;
  moment(milliseconds: number): string;
  ago(milliseconds: number): string;
  timeCode(seconds: number): string;
  classes(...names: any[]): string;
  api(path: string, options?: { method?: string; body?: any; signal?: AbortSignal }): Promise<any>;
  address: {
    get(): Record<string, string>;
    set(change: Record<string, string | null | undefined>, options?: { push?: boolean }): void;
    subscribe(listener: () => void): () => void;
  };
  useAddress(): Record<string, string>;
  useEvent(target: EventTarget, name: string, listener: (event: any) => void): void;
  isShortcut(event: KeyboardEvent): boolean;
  download(content: Blob, name: string): void;
  toast(text: string, options?: { tone?: string; label?: string; action?: () => void }): () => void;
  toastError(error: any): () => void;
  Toasts: any;
  Dialog: any;
  copyText(text: string, shown?: Node | null): Promise<void>;
  Copy: any;
  Icon: any;
  store: { readOnly(data: PageData): MarkStore; studio(campaign: string): MarkStore };
  useMarks(store: MarkStore): number;
  Grid: any;
  Bar: any;
  CreditsBar: any;
  Charts: any;
  Player: any;
  Review: any;
  JobDetails: any;
  MarkBadge: any;
  KeysDialog: any;
  ReportPage: any;
  Studio: any;
}
