import { zshsh } from "../../agent/shells/zshsh.ts";
import { zshAsSh } from "./zsh-as-sh.ts";

zshAsSh(zshsh);
