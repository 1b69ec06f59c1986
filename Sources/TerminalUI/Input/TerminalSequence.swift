/// The meaning of the sequences terminals send for keys and the mouse (xterm, VT220, rxvt, Linux console).
enum TerminalSequence {
  /// The numbers of a sequence; a missing one is 0, sub-parameters after `:` are dropped.
  static func parameters(_ bytes: some Sequence<UInt8>) -> [Int] {
    var numbers = [0]
    var skips = false
    for byte in bytes {
      switch byte {
      case 0x3B:
        numbers.append(0)
        skips = false
      case 0x3A: skips = true
      case 0x30...0x39 where !skips:
        let last = numbers.count - 1
        numbers[last] = min(numbers[last] * 10 + Int(byte - 0x30), 1_000_000)
      default: break
      }
    }
    return numbers
  }

  /// The key of a sequence; nil for one that is no key, such as an answer of the terminal.
  static func key(final: UInt8, parameters: [Int], single: Bool) -> Key? {
    let first = parameters.first ?? 0
    let held = modifiers(parameters.count > 1 ? parameters[1] : single && first > 1 ? first : 0)
    switch final {
    case 0x41: return Key(.up, held)
    case 0x42: return Key(.down, held)
    case 0x43: return Key(.right, held)
    case 0x44: return Key(.left, held)
    case 0x48: return Key(.home, held)
    case 0x46: return Key(.end, held)
    case 0x5A: return .backTab
    case 0x50...0x53:
      // `CSI row ; column R` is the cursor's position; as a key only modified F3 would look so, and with row 1.
      if final == 0x52 && !single { return nil }
      return Key(.function(Int(final) - 0x4F), held)
    case 0x7E: return tilde(first, held)
    case 0x5E: return tilde(first, .control)
    case 0x24: return tilde(first, .shift)
    case 0x61...0x64 where !single || final <= 0x64:
      let arrows: [Key.Code] = [.up, .down, .right, .left]
      return Key(arrows[Int(final) - 0x61], single ? .control : .shift)
    case 0x4D where single: return .enter
    case 0x6A...0x79 where single:
      let signs = Array("*+,-./0123456789")
      return .char(signs[Int(final) - 0x6A])
    case 0x75: return unicode(first, held)
    default: return nil
    }
  }

  /// The keys of `CSI number ~`.
  private static func tilde(_ number: Int, _ held: Key.Modifiers) -> Key? {
    switch number {
    case 1, 7: Key(.home, held)
    case 2: Key(.insert, held)
    case 3: Key(.delete, held)
    case 4, 8: Key(.end, held)
    case 5: Key(.pageUp, held)
    case 6: Key(.pageDown, held)
    case 11...15: Key(.function(number - 10), held)
    case 17...21: Key(.function(number - 11), held)
    case 23...24: Key(.function(number - 12), held)
    default: nil
    }
  }

  /// The keys of `CSI code ; modifiers u`.
  private static func unicode(_ code: Int, _ held: Key.Modifiers) -> Key? {
    switch code {
    case 9: return Key(.tab, held)
    case 13: return Key(.enter, held)
    case 27: return Key(.escape, held)
    case 127: return Key(.backspace, held)
    default:
      guard code >= 32, let value = UInt32(exactly: code), let scalar = Unicode.Scalar(value),
        !(0x7F...0x9F).contains(value), !(0xE000...0xF8FF).contains(value)
      else { return nil }
      return Key(.character(Character(scalar)), held.subtracting(.shift))
    }
  }

  private static func modifiers(_ number: Int) -> Key.Modifiers {
    guard number > 1, number <= 256 else { return [] }
    return Key.Modifiers(rawValue: UInt8((number - 1) & 7))
  }

  /// The mouse of `CSI < button ; column ; row M`.
  static func mouse(_ bytes: some Sequence<UInt8>, released: Bool) -> MouseEvent? {
    let numbers = parameters(bytes)
    guard numbers.count == 3 else { return nil }
    let code = numbers[0]
    var held: Key.Modifiers = []
    if code & 4 != 0 { held.insert(.shift) }
    if code & 8 != 0 { held.insert(.alt) }
    if code & 16 != 0 { held.insert(.control) }
    let action: MouseEvent.Action
    switch (code & 64 != 0, code & 32 != 0) {
    case (true, _): action = code & 1 == 0 ? .wheelUp : .wheelDown
    case (false, true): action = .drag(code & 3)
    case (false, false): action = released ? .release(code & 3) : .press(code & 3)
    }
    return MouseEvent(action, at: Point(x: max(numbers[1] - 1, 0), y: max(numbers[2] - 1, 0)), modifiers: held)
  }
}
