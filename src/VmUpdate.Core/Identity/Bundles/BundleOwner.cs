namespace VmUpdate.Core.Identity;

/// <summary>A bundle serves only the machine it was taken from.</summary>
internal static class BundleOwner
{
    public static void Require(Guid found, Guid? wanted, string subject)
    {
        if (wanted is { } vm && vm != found)
        {
            throw new IdentityException(
                IdentityFailure.BundleForeign, subject, $"it is of the virtual machine {found}, not of {vm}.");
        }
    }
}
