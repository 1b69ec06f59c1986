// The dashboard: the mesh on a terminal.
//
// A reader's path through the module:
//
//   Program/   `DashboardProgram` and `runDashboard`: the state machine on the terminal toolkit, and its effects.
//   State/     what the dashboard knows, and the messages that change it.
//   Update/    `Update.apply`: a message and a state in, a state and effects out. No I/O.
//   Rows/      what is worked out from a `MeshView` off the terminal's thread, for the open screen alone.
//   Filters/   the find/hide language.     Commands/  keys and the command line.
//   Plans/     drafts, forms, the plan sheet: the one way by which anything is written.
//   Topology/  what of the graph is drawn, and where.
//   Screens/, Chrome/   the pictures: pure functions of state, size and signs.
