using VmUpdate.Core.Guests;

namespace VmUpdate.Core.Broker;

/// <summary>A host's policy for the requests of guests, as it was read.</summary>
/// <param name="Path">The file, whether it is there or not.</param>
/// <param name="Policy">The policy; <see langword="null"/> when the file is there and cannot be used, so that every request is refused.</param>
/// <param name="IsDefault">Whether there is no file, so that the defaults hold.</param>
/// <param name="Defect">What is wrong with the file, one sentence; empty when nothing is.</param>
public sealed record GuestPolicyReading(string Path, GuestPolicy? Policy, bool IsDefault, string Defect)
{
    /// <summary>One sentence that says what guests may ask for, or what is wrong.</summary>
    /// <returns>The sentence.</returns>
    public override string ToString() => Policy is { } policy
        ? $"{(IsDefault ? "default" : Path)}: {policy}"
        : $"{Path} cannot be used: {Defect}";
}
