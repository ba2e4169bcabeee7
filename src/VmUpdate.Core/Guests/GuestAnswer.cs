namespace VmUpdate.Core.Guests;

/// <summary>What became of a guest's request.</summary>
/// <param name="IsAccepted">Whether it is a task now, and on the disk.</param>
/// <param name="Code">Why not, in one word that the guest knows; empty when it is accepted.</param>
/// <param name="Message">A sentence for people in the guest: nothing in it that a guest need not know of its host.</param>
public sealed record GuestAnswer(bool IsAccepted, string Code, string Message);
