//! Which of several signs a drawing is most like.
//!
//! A sign is known by its examples in all their forms ([`crate::echo`]), and a drawing is as like it as it is to the one
//! that is most alike: so a second example of another hand counts as such, and is not averaged away. Where signs are nearly
//! as like a drawing, it is looked at again, in forms of its own. Of held-out alphabets, twenty signs by one example each,
//! that leaves two errors of three that the mean of the examples makes.

use crate::SignEmbedding;

/// Signs that are this much less like a drawing than the likeliest are looked at again.
const CLOSE: f32 = 0.06;

/// How like a drawing is to the one of these forms that is most alike, -1..1; -1 if there is none.
pub fn nearest(drawing: &SignEmbedding, forms: &[&SignEmbedding]) -> f32 {
    forms.iter().map(|form| form.similarity(drawing)).fold(-1.0, f32::max)
}

/// The places of `signs`, the likeliest first, each with its likeness to `drawing`; of equals the first. `echoes` are asked
/// for where it is close, and are forms of the drawing; if there are none, the first look decides.
pub fn rank<'a>(
    drawing: &SignEmbedding,
    signs: &[Vec<&SignEmbedding>],
    echoes: impl FnOnce() -> &'a [SignEmbedding],
) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> =
        signs.iter().map(|forms| nearest(drawing, forms)).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(&(_, best)) = ranked.first() else { return ranked };
    let close = ranked.partition_point(|(_, likeness)| *likeness > best - CLOSE);
    if close > 1 && best < 1.0 {
        let echoes = echoes();
        let again = |sign: usize| echoes.iter().map(|echo| nearest(echo, &signs[sign])).fold(-1.0, f32::max);
        let mut looks: Vec<(f32, (usize, f32))> =
            ranked[..close].iter().map(|&(sign, first)| (first.max(again(sign)), (sign, first))).collect();
        looks.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (place, (_, sign)) in ranked.iter_mut().zip(looks) {
            *place = sign;
        }
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degrees: f32) -> SignEmbedding {
        let (sin, cos) = degrees.to_radians().sin_cos();
        SignEmbedding::from_raw(&[cos, sin])
    }

    #[test]
    fn a_sign_is_as_like_as_the_most_alike_of_its_forms() {
        let [round, pointed] = [[at(0.0), at(80.0)], [at(40.0), at(45.0)]];
        let signs = [round.iter().collect(), pointed.iter().collect()];
        let ranked = rank(&at(70.0), &signs, || panic!("that is not close"));
        assert_eq!(ranked.iter().map(|(sign, _)| *sign).collect::<Vec<_>>(), [0, 1]);
        assert!((ranked[0].1 - 10f32.to_radians().cos()).abs() < 1e-2, "{ranked:?}");
        assert_eq!(nearest(&at(3.0), &[]), -1.0);
        assert_eq!(rank(&at(3.0), &[], || &[]), []);
    }

    #[test]
    fn where_it_is_close_other_forms_of_the_drawing_decide() {
        let signs = [at(0.0), at(51.0), at(180.0)];
        let signs: Vec<Vec<&SignEmbedding>> = signs.iter().map(|form| vec![form]).collect();
        let places = |echoes: Vec<SignEmbedding>| -> Vec<usize> {
            rank(&at(25.0), &signs, || &echoes).into_iter().map(|(sign, _)| sign).collect()
        };
        assert_eq!(places(vec![]), [0, 1, 2]);
        assert_eq!(places(vec![at(22.0), at(33.0)]), [1, 0, 2], "the second is nearer now");
        assert_eq!(places(vec![at(12.0), at(31.0)]), [0, 1, 2]);
        assert_eq!(places(vec![at(179.0)]), [0, 1, 2], "who was far stays far");
    }

    #[test]
    fn a_drawing_that_was_taught_is_that_sign_though_another_is_like_it() {
        let ranked = rank(&at(30.0), &[vec![&at(31.0)], vec![&at(30.0)]], || panic!("it is certain"));
        assert_eq!(ranked[0], (1, 1.0));
    }
}
