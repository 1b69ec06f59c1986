import Foundation
public import MeshModel

/// The time of day of this machine.
public enum TimeOfDay {
  /// The time now.
  public static func now() -> Instant { Instant(seconds: Date().timeIntervalSince1970) }
}
