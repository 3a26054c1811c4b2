"""The pages for clerks: server-rendered, without scripts. Calls services; holds no rule of the domain."""
