import { zshksh } from "../../agent/shells/zshksh.ts";
import { zshAsSh } from "./zsh-as-sh.ts";

zshAsSh(zshksh);
