namespace VmUpdate.Core.Guests;

/// <summary>What a guest said, made fit for screens and logs.</summary>
public static class GuestWords
{
    private const int Longest = 512; // a user and a domain have at most 256 each

    /// <summary>Cuts a text, and leaves nothing in it that moves a cursor.</summary>
    /// <param name="text">What the guest said.</param>
    /// <returns>At most 512 characters, none of them a control character.</returns>
    public static string Shown(string text) => GuestConnection.Shown(text.Length > Longest ? text.Substring(0, Longest) : text);
}
