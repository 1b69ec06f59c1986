/// Turns the bytes of a terminal into input events. Pure: the same bytes give the same events wherever they are cut.
///
/// What the terminal answers to questions (cursor position, device attributes, OSC, DCS) is swallowed whole and never
/// becomes a key. An escape byte with nothing after it waits: the owner calls `flush` when `isWaiting` and 25 ms passed.
public struct InputDecoder: Sendable {
  private enum State: Sendable {
    case ground
    case escape
    case sequence
    case single
    /// A string of the terminal; `begin` is the byte that began it, as long as it is empty.
    case string(begin: UInt8?, escape: Bool)
    case mouse(left: Int)
    case paste
    case linux
  }

  /// The longest answer or paste kept, in bytes; what is beyond is dropped.
  static let limit = 1 << 20

  private var state = State.ground
  private var buffer: [UInt8] = []
  private var utf8: [UInt8] = []
  private var utf8Length = 0
  private var alt = false

  /// A decoder with nothing pending.
  public init() {}

  /// Whether bytes wait for more that would change their meaning, so that a pause decides.
  public var isWaiting: Bool {
    switch state {
    case .ground: utf8Length > 0
    case .escape, .single: true
    case .string(let begin, _): begin != nil
    default: false
    }
  }

  /// The events of more bytes.
  public mutating func feed(_ bytes: some Sequence<UInt8>) -> [InputEvent] {
    var events: [InputEvent] = []
    for byte in bytes { step(byte, &events) }
    return events
  }

  /// The events of what waited when no more bytes came: a lone escape byte is the Escape key, what begins a string and has
  /// none is the key held with Alt, the rest is dropped.
  ///
  /// A sequence already begun (CSI, OSC, DCS) keeps waiting for its end, because its bytes would look like keys.
  public mutating func flush() -> [InputEvent] {
    defer { utf8Length = 0 }
    switch state {
    case .escape:
      let wasAlt = alt
      reset()
      return [.key(Key(.escape, wasAlt ? .alt : []))]
    case .single:
      reset()
      return [.key(.alt("O"))]
    case .string(let begin?, _):
      reset()
      return [.key(Key(character(begin), .alt))]
    case .string, .paste, .sequence, .mouse:
      return []
    case .ground, .linux:
      reset()
      return []
    }
  }

  private mutating func reset() {
    state = .ground
    buffer = []
    alt = false
  }

  private mutating func step(_ byte: UInt8, _ events: inout [InputEvent]) {
    switch state {
    case .ground: ground(byte, &events)
    case .escape: afterEscape(byte, &events)
    case .sequence: inSequence(byte, &events)
    case .linux:
      reset()
      if (0x41...0x45).contains(byte) { events.append(.key(.function(Int(byte) - 0x40))) }
    case .single:
      if byte == 0x1B || byte < 0x20 {
        reset()
        return step(byte, &events)
      }
      if (0x30...0x39).contains(byte) || byte == 0x3B {
        buffer.append(byte)
        if buffer.count > 16 { reset() }
        return
      }
      let parameters = TerminalSequence.parameters(buffer)
      reset()
      if let key = TerminalSequence.key(final: byte, parameters: parameters, single: true) { events.append(.key(key)) }
    case .string(_, let escape):
      if byte == 0x03 {
        // No answer holds it: whoever began a string by hand gets out.
        reset()
        ground(byte, &events)
      } else if byte == 0x07 || byte == 0x18 || byte == 0x1A || (escape && byte == 0x5C) {
        reset()
      } else if escape && byte != 0x1B {
        // A new sequence began without the end of the string.
        reset()
        state = .escape
        step(byte, &events)
      } else {
        state = .string(begin: nil, escape: byte == 0x1B)
      }
    case .mouse(let left):
      buffer.append(byte)
      if left > 1 { state = .mouse(left: left - 1) } else { reset() }
    case .paste: inPaste(byte, &events)
    }
  }

  private mutating func ground(_ byte: UInt8, _ events: inout [InputEvent]) {
    if utf8Length > 0 {
      if byte & 0xC0 == 0x80 {
        utf8.append(byte)
        if utf8.count == utf8Length { finishCharacter(&events) }
        return
      }
      utf8Length = 0
      alt = false
    }
    let modifiers: Key.Modifiers = alt ? .alt : []
    defer { if utf8Length == 0 && byte != 0x1B { alt = false } }
    switch byte {
    case 0x1B: state = .escape
    case 0x0D, 0x0A:
      events.append(.key(Key(byte == 0x0D ? .enter : .character("j"), byte == 0x0D ? modifiers : .control)))
    case 0x09: events.append(.key(Key(.tab, modifiers)))
    case 0x7F, 0x08: events.append(.key(Key(.backspace, modifiers)))
    case 0x00: events.append(.key(Key(.character(" "), modifiers.union(.control))))
    case 0x01...0x1A: events.append(.key(Key(character(byte + 0x60), modifiers.union(.control))))
    case 0x1C...0x1F: events.append(.key(Key(character(byte + 0x40), modifiers.union(.control))))
    case 0x20...0x7E: events.append(.key(Key(character(byte), modifiers)))
    case 0xC2...0xF4:
      utf8 = [byte]
      utf8Length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    default: break
    }
  }

  private mutating func finishCharacter(_ events: inout [InputEvent]) {
    utf8Length = 0
    let modifiers: Key.Modifiers = alt ? .alt : []
    alt = false
    guard let text = String(validating: utf8, as: UTF8.self), let scalar = text.unicodeScalars.first,
      !(0x80...0x9F).contains(scalar.value)
    else { return }
    events.append(.key(Key(.character(Character(scalar)), modifiers)))
  }

  private mutating func afterEscape(_ byte: UInt8, _ events: inout [InputEvent]) {
    switch byte {
    case 0x5B: state = .sequence
    case 0x4F: state = .single
    case 0x5D, 0x50, 0x58, 0x5E, 0x5F: state = .string(begin: byte, escape: false)
    case 0x1B:
      if alt { events.append(.key(.escape)) }
      alt = true
    default:
      state = .ground
      alt = true
      ground(byte, &events)
    }
  }

  private mutating func inSequence(_ byte: UInt8, _ events: inout [InputEvent]) {
    if byte == 0x1B {
      reset()
      state = .escape
      return
    }
    if byte == 0x18 || byte == 0x1A || byte >= 0x7F { return reset() }
    if byte < 0x20 { return }
    if buffer.isEmpty, byte == 0x5B {
      state = .linux
      return
    }
    if byte < 0x40 {
      if buffer.count < 64 { buffer.append(byte) }
      return
    }
    let body = buffer
    let held: Key.Modifiers = alt ? .alt : []
    reset()
    if byte == 0x4D, body.isEmpty {
      state = .mouse(left: 3)
    } else if byte == 0x7E, body == Array("200".utf8) {
      state = .paste
    } else if body.first == 0x3C, byte == 0x4D || byte == 0x6D {
      if let mouse = TerminalSequence.mouse(body.dropFirst(), released: byte == 0x6D) { events.append(.mouse(mouse)) }
    } else if body.allSatisfy({ (0x30...0x3B).contains($0) }),
      var key = TerminalSequence.key(final: byte, parameters: TerminalSequence.parameters(body), single: false)
    {
      key.modifiers.formUnion(held)
      events.append(.key(key))
    }
  }

  private mutating func inPaste(_ byte: UInt8, _ events: inout [InputEvent]) {
    buffer.append(byte)
    let end: [UInt8] = [0x1B, 0x5B, 0x32, 0x30, 0x31, 0x7E]
    guard byte == 0x7E, buffer.count >= end.count, Array(buffer.suffix(end.count)) == end else {
      if buffer.count > InputDecoder.limit { buffer.remove(at: buffer.count - end.count - 1) }
      return
    }
    let text = String(decoding: buffer.dropLast(end.count), as: UTF8.self)
    reset()
    // Terminals send Return for the line ends of a paste.
    events.append(.paste(String(text.map { $0 == "\r\n" || $0 == "\r" ? "\n" : $0 })))
  }

  private func character(_ byte: UInt8) -> Key.Code { .character(Character(Unicode.Scalar(byte))) }
}
