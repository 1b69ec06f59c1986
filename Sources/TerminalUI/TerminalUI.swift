// TerminalUI: a terminal toolkit that knows nothing of what is drawn with it.
//
// A reader's path through the module:
//
//   Text/     `SafeText` is the only text a frame accepts: foreign text is escaped visibly, never stripped.
//             `SafeText(name)` escapes a `String`; a literal or an interpolation `"rps \(rate)"` builds one directly.
//   Screen/   `Frame` is a grid of `Cell`s that views draw on; drawing clips and never traps, whatever the size.
//             A `Style` names `Role`s (`.bad`, `.muted`), never colours. `MemoryScreen` shows frames to tests.
//   Layout/   `Point`, `Size`, `Rect`: rectangles that split and shrink without ever becoming negative.
//   Input/    `Key`, `InputEvent` and the byte decoder behind them; `Binding` is a key as data.
//   Themes/   `Theme` gives each role its colours at every depth; themes are YAML with named roles.
//   Widgets/  tables, trees, text, forms: values that draw themselves in a rectangle of a frame.
//   Loop/     `Program` (state, messages, pure `update`, pure `view`) and its runners: terminal, headless.
//
// A view is a function `(State, Viewport) -> Frame`:
//
//     func view(_ state: State, in viewport: Viewport) -> Frame {
//       var frame = Frame(viewport)
//       let (head, body) = frame.bounds.splitTop(1)
//       frame.put("unread \(state.unread)", at: head.origin, style: .title)
//       frame.clipped(to: body) { frame in … }
//       return frame
//     }
