/// What a terminal reports to a program.
public enum InputEvent: Hashable, Sendable {
  /// A key was pressed.
  case key(Key)
  /// Text was pasted in one piece; line feeds in it are text, never Return.
  case paste(String)
  /// The mouse did something.
  case mouse(MouseEvent)
  /// The screen has a new size.
  case resize(Size)
}

/// What the mouse did.
public struct MouseEvent: Hashable, Sendable {
  /// The kinds of action.
  public enum Action: Hashable, Sendable {
    /// A button went down; 0 is the left one.
    case press(Int)
    /// A button went up.
    case release(Int)
    /// The pointer moved with a button held.
    case drag(Int)
    /// The wheel turned up.
    case wheelUp
    /// The wheel turned down.
    case wheelDown
  }

  /// What was done.
  public var action: Action
  /// Where, in cells.
  public var position: Point
  /// What was held.
  public var modifiers: Key.Modifiers

  /// An action of the mouse.
  public init(_ action: Action, at position: Point, modifiers: Key.Modifiers = []) {
    self.action = action
    self.position = position
    self.modifiers = modifiers
  }
}
